using System;
using System.Threading;
using System.Threading.Tasks;

namespace Scumble
{
    /// <summary>
    /// How the async methods of a context, its prompts and its generations let time pass between two polls. No thread is
    /// blocked meanwhile. An engine that has frames derives a class whose <see cref="NextAsync"/> ends with the next
    /// frame, and gives it as <see cref="ContextOptions.Polling"/>.
    /// </summary>
    /// <remarks>
    /// The async methods go on where they were called, as await does: in a program with a synchronization context (WPF,
    /// Unity) on the thread that called. So do not block that thread by <c>Task.Wait</c> or <c>Task.Result</c>; the
    /// blocking <c>Wait</c> methods are for that.
    /// </remarks>
    public class Polling
    {
        private readonly TimeSpan interval;

        /// <summary>Polls in intervals: of 5 ms by default, of which a poll takes some microseconds.</summary>
        public Polling() : this(TimeSpan.FromMilliseconds(5))
        {
        }

        /// <summary>Polls in intervals of a given length.</summary>
        public Polling(TimeSpan interval)
        {
            this.interval = interval;
        }

        /// <summary>Ends when it is time for the next poll.</summary>
        public virtual Task NextAsync()
        {
            return Task.Delay(interval);
        }

        /// <summary>Ends when <paramref name="poll"/> says so or fails.</summary>
        internal async Task UntilAsync(Func<bool> poll, CancellationToken cancellationToken)
        {
            for (;;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Ask(poll)) return;
                await NextAsync();
            }
        }

        /// <summary>
        /// What <paramref name="poll"/> answers. An object that was given back while it was waited for was cancelled by
        /// that, as for somebody who waits in C.
        /// </summary>
        internal static T Ask<T>(Func<T> poll)
        {
            try
            {
                return poll();
            }
            catch (ObjectDisposedException error)
            {
                throw new OperationCanceledException("the object was disposed of while it was waited for", error);
            }
            catch (ScumbleException error) when (error.Status == Status.InvalidHandle)
            {
                throw new OperationCanceledException("Scumble was shut down while the object was waited for", error);
            }
        }
    }
}
