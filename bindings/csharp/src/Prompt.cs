using System;
using System.Threading;
using System.Threading.Tasks;

namespace Scumble
{
    /// <summary>An encoded text, for any number of generations. It keeps the model.</summary>
    /// <remarks>Every method may be called from any thread; <see cref="TryEncode"/> by one at a time.</remarks>
    public sealed class Prompt : IDisposable
    {
        private readonly PromptHandle handle;
        private readonly Polling polling;

        internal Prompt(PromptHandle handle, Polling polling)
        {
            this.handle = handle;
            this.polling = polling;
        }

        /// <summary>Whether it is encoded.</summary>
        /// <exception cref="ScumbleException">It cannot be encoded.</exception>
        public bool Poll()
        {
            Status status = NativeMethods.scumble_prompt_poll(handle);
            if (status == Status.NotReady) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>Blocks until it is encoded.</summary>
        /// <exception cref="ScumbleException">It cannot be encoded.</exception>
        public void Wait()
        {
            Wait(Timeout.InfiniteTimeSpan);
        }

        /// <summary>Blocks until it is encoded, no longer than a given time.</summary>
        /// <returns>False while it is not encoded.</returns>
        /// <exception cref="ScumbleException">It cannot be encoded.</exception>
        public bool Wait(TimeSpan timeout)
        {
            bool encoded = Library.Waited(NativeMethods.scumble_prompt_wait(handle.Key, Milliseconds.Timeout(timeout)));
            GC.KeepAlive(this);
            return encoded;
        }

        /// <summary>Ends when it is encoded. To cancel ends the waiting alone.</summary>
        /// <exception cref="ScumbleException">It cannot be encoded.</exception>
        /// <exception cref="OperationCanceledException">
        /// Waiting was cancelled, or the prompt was disposed of or shut down.
        /// </exception>
        public Task WaitAsync(CancellationToken cancellationToken = default(CancellationToken))
        {
            return polling.UntilAsync(Poll, cancellationToken);
        }

        /// <summary>
        /// By hand (<see cref="PromptOptions.ByHand"/>): encodes it on the calling thread. This call computes.
        /// </summary>
        /// <returns>False at once when the model computes for somebody else, and then nothing has changed.</returns>
        /// <exception cref="ScumbleException">It is not by hand, is encoded already, or cannot be encoded.</exception>
        public bool TryEncode()
        {
            Status status = NativeMethods.scumble_prompt_encode(handle.Key);
            GC.KeepAlive(this);
            if (status == Status.Busy) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>Describes the encoded prompt.</summary>
        /// <exception cref="ScumbleException"><see cref="Status.NotReady"/> while it is not encoded.</exception>
        public unsafe PromptInfo GetInfo()
        {
            var info = new PromptInfo { structSize = (uint)sizeof(PromptInfo) };
            ScumbleException.Check(NativeMethods.scumble_prompt_get_info(handle, &info));
            return info;
        }

        /// <summary>
        /// Creates a prompt that lies between two encoded ones of one context, for pictures that change from one to the other.
        /// It is encoded at once, and depends on neither any more.
        /// </summary>
        /// <param name="other">The other prompt.</param>
        /// <param name="factor">0 for this prompt, 1 for the other, linear in between.</param>
        /// <exception cref="ScumbleException"><see cref="Status.NotReady"/> while one is not encoded.</exception>
        public unsafe Prompt Blend(Prompt other, float factor)
        {
            if (other == null) throw new ArgumentNullException(nameof(other));
            IntPtr key;
            ScumbleException.Check(NativeMethods.scumble_prompt_blend(handle, other.handle, factor, &key));
            return new Prompt(new PromptHandle(key), polling);
        }

        /// <summary>
        /// Creates a generation. Nothing is computed yet: <see cref="Generation.RunAsync"/> or
        /// <see cref="Generation.Start"/> it, or step it by hand.
        /// </summary>
        /// <param name="options">Null for the model's defaults and a seed drawn at random.</param>
        /// <exception cref="ScumbleException">
        /// An option has a value that is not allowed, that this model cannot do, or that does not fit the memory budget.
        /// </exception>
        public unsafe Generation CreateGeneration(GenerationOptions options = null)
        {
            var desc = default(GenerationDesc);
            ScumbleException.Check(NativeMethods.scumble_generation_desc_init(
                &desc, (UIntPtr)sizeof(GenerationDesc), NativeMethods.AbiVersion));
            using (var pins = new Pins())
            {
                if (options != null) options.Fill(ref desc, pins);
                IntPtr key;
                ScumbleException.Check(NativeMethods.scumble_generation_create(handle, &desc, &key));
                return new Generation(new GenerationHandle(key), polling);
            }
        }

        /// <summary>
        /// Gives the prompt back. Encoding is cancelled, unless a generation uses the prompt: it keeps it. Never blocks.
        /// </summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
