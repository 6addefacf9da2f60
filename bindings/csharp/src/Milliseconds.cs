using System;
using System.Threading;

namespace Scumble
{
    /// <summary>Times as the library has them.</summary>
    internal static class Milliseconds
    {
        internal static TimeSpan Span(float milliseconds)
        {
            return TimeSpan.FromTicks((long)(milliseconds * (double)TimeSpan.TicksPerMillisecond));
        }

        /// <summary>How long to wait, rounded up; -1 for ever.</summary>
        internal static int Timeout(TimeSpan timeout)
        {
            if (timeout == System.Threading.Timeout.InfiniteTimeSpan) return -1;
            double milliseconds = Math.Ceiling(timeout.TotalMilliseconds);
            if (milliseconds < 0 || milliseconds > int.MaxValue)
            {
                throw new ArgumentOutOfRangeException("timeout", timeout,
                    "expected 0 to 2147483647 milliseconds, or Timeout.InfiniteTimeSpan");
            }
            return (int)milliseconds;
        }
    }
}
