using System;
using System.Threading;
using System.Threading.Tasks;

namespace Scumble
{
    /// <summary>A loaded model on one device, with the thread that works for it.</summary>
    /// <remarks>
    /// Every method may be called from any thread. Prompts and generations keep what they need of it, so it may be disposed
    /// of before them.
    /// </remarks>
    public sealed class Context : IDisposable
    {
        private readonly ContextHandle handle;
        private readonly Polling polling;

        private Context(ContextHandle handle, Polling polling)
        {
            this.handle = handle;
            this.polling = polling;
        }

        /// <summary>Begins to load a model, and returns at once: <see cref="Poll"/> it, or wait.</summary>
        /// <exception cref="ScumbleException">An option has a value that is not allowed.</exception>
        /// <exception cref="DllNotFoundException">There is no native library.</exception>
        public static unsafe Context Create(ContextOptions options)
        {
            if (options == null) throw new ArgumentNullException(nameof(options));
            Library.Require();
            var desc = default(ContextDesc);
            ScumbleException.Check(NativeMethods.scumble_context_desc_init(
                &desc, (UIntPtr)sizeof(ContextDesc), NativeMethods.AbiVersion));
            using (var pins = new Pins())
            {
                options.Fill(ref desc, pins);
                IntPtr key;
                ScumbleException.Check(NativeMethods.scumble_context_create(&desc, &key));
                return new Context(new ContextHandle(key), options.Polling ?? new Polling());
            }
        }

        /// <summary>Likewise, with the library's defaults.</summary>
        public static Context Create(string modelPath)
        {
            return Create(new ContextOptions(modelPath));
        }

        /// <summary>Loads a model. To cancel ends the loading.</summary>
        /// <exception cref="ScumbleException">It cannot be loaded.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public static async Task<Context> LoadAsync(
            ContextOptions options, CancellationToken cancellationToken = default(CancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var context = Create(options);
            try
            {
                await context.WaitAsync(cancellationToken);
                return context;
            }
            catch
            {
                context.Dispose();
                throw;
            }
        }

        /// <summary>Likewise, with the library's defaults.</summary>
        public static Task<Context> LoadAsync(
            string modelPath, CancellationToken cancellationToken = default(CancellationToken))
        {
            return LoadAsync(new ContextOptions(modelPath), cancellationToken);
        }

        /// <summary>Whether the model is loaded.</summary>
        /// <exception cref="ScumbleException">It cannot be loaded.</exception>
        public bool Poll()
        {
            Status status = NativeMethods.scumble_context_poll(handle);
            if (status == Status.NotReady) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>Blocks until the model is loaded.</summary>
        /// <exception cref="ScumbleException">It cannot be loaded.</exception>
        public void Wait()
        {
            Wait(Timeout.InfiniteTimeSpan);
        }

        /// <summary>Blocks until the model is loaded, no longer than a given time.</summary>
        /// <returns>False while it is still loading.</returns>
        /// <exception cref="ScumbleException">It cannot be loaded.</exception>
        public bool Wait(TimeSpan timeout)
        {
            bool loaded = Library.Waited(NativeMethods.scumble_context_wait(handle.Key, Milliseconds.Timeout(timeout)));
            GC.KeepAlive(this);
            return loaded;
        }

        /// <summary>Ends when the model is loaded. To cancel ends the waiting alone.</summary>
        /// <exception cref="ScumbleException">It cannot be loaded.</exception>
        /// <exception cref="OperationCanceledException">
        /// Waiting was cancelled, or the context was disposed of or shut down.
        /// </exception>
        public Task WaitAsync(CancellationToken cancellationToken = default(CancellationToken))
        {
            return polling.UntilAsync(Poll, cancellationToken);
        }

        /// <summary>Describes the loaded model and what it holds in memory at this moment.</summary>
        /// <exception cref="ScumbleException"><see cref="Status.NotReady"/> while it is loading.</exception>
        public unsafe ContextInfo GetInfo()
        {
            var info = new ContextInfo { structSize = (uint)sizeof(ContextInfo) };
            ScumbleException.Check(NativeMethods.scumble_context_get_info(handle, &info));
            return info;
        }

        /// <summary>
        /// Creates a prompt of the loaded model and returns at once; the context's thread encodes it. Generations may be
        /// created of it and started before that is done.
        /// </summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.NotReady"/> while the context is loading; or an option has a value that is not allowed.
        /// </exception>
        public unsafe Prompt CreatePrompt(PromptOptions options)
        {
            if (options == null) throw new ArgumentNullException(nameof(options));
            var desc = default(PromptDesc);
            ScumbleException.Check(NativeMethods.scumble_prompt_desc_init(
                &desc, (UIntPtr)sizeof(PromptDesc), NativeMethods.AbiVersion));
            using (var pins = new Pins())
            {
                options.Fill(ref desc, pins);
                IntPtr key;
                ScumbleException.Check(NativeMethods.scumble_prompt_create(handle, &desc, &key));
                return new Prompt(new PromptHandle(key), polling);
            }
        }

        /// <summary>Likewise: what the picture shall show, and what it shall not.</summary>
        public Prompt CreatePrompt(string text, string negativeText = null)
        {
            return CreatePrompt(new PromptOptions(text, negativeText));
        }

        /// <summary>
        /// Creates a prompt as soon as the model is loaded, and ends when it is encoded. To cancel ends the encoding.
        /// </summary>
        /// <exception cref="ScumbleException">The model cannot be loaded, or the prompt not be encoded.</exception>
        /// <exception cref="OperationCanceledException">
        /// It was cancelled, or the context was disposed of or shut down.
        /// </exception>
        public async Task<Prompt> EncodeAsync(
            PromptOptions options, CancellationToken cancellationToken = default(CancellationToken))
        {
            await WaitAsync(cancellationToken);
            var prompt = CreatePrompt(options);
            try
            {
                await prompt.WaitAsync(cancellationToken);
                return prompt;
            }
            catch
            {
                prompt.Dispose();
                throw;
            }
        }

        /// <summary>Likewise: what the picture shall show, and what it shall not.</summary>
        public Task<Prompt> EncodeAsync(
            string text, string negativeText = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return EncodeAsync(new PromptOptions(text, negativeText), cancellationToken);
        }

        /// <summary>Slows the context's thread down, so that a game has more of the machine while a picture grows.</summary>
        /// <param name="share">
        /// How much of its time the thread may be busy: more than 0 up to 1, the default. Loading and what is done by hand
        /// are not paced.
        /// </param>
        public void SetPace(float share)
        {
            ScumbleException.Check(NativeMethods.scumble_context_set_pace(handle, share));
        }

        /// <summary>
        /// Changes how urgent the context's threads are to the operating system. It is in force at once, as far as the system
        /// allows; <see cref="GenerationProgress.Priority"/> tells which one is.
        /// </summary>
        public void SetPriority(Priority priority)
        {
            ScumbleException.Check(NativeMethods.scumble_context_set_priority(handle, priority));
        }

        /// <summary>
        /// Gives memory back, between the levels of a game: the context's own thread unloads the weights. Prompts and
        /// generations stay; whichever computes next loads what it needs again.
        /// </summary>
        public void Trim()
        {
            ScumbleException.Check(NativeMethods.scumble_context_trim(handle));
        }

        /// <summary>
        /// Gives the context back. Loading is cancelled; prompts and generations keep the model until they are gone too. Never
        /// blocks.
        /// </summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
