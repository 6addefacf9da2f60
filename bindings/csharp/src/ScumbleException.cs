using System;

namespace Scumble
{
    /// <summary>
    /// What the library refuses or fails to do. The message is the library's: which parameter, which value, and what was
    /// expected. What was cancelled is an <see cref="OperationCanceledException"/> instead.
    /// </summary>
    public sealed class ScumbleException : Exception
    {
        /// <summary>Makes one of a status and a text.</summary>
        public ScumbleException(Status status, string message) : base(message)
        {
            Status = status;
        }

        /// <summary>What the library answered.</summary>
        public Status Status { get; private set; }

        /// <summary>
        /// Whether it is only a matter of time: the object is not ready, the model is busy, or there is nothing yet.
        /// </summary>
        public bool IsPending
        {
            get { return Status > 0; }
        }

        /// <summary>Throws unless the call that this thread made last answered OK.</summary>
        internal static void Check(Status status)
        {
            if (status != Status.Ok) throw Last(status);
        }

        /// <summary>Why the call that this thread made last answered this.</summary>
        internal static unsafe Exception Last(Status status)
        {
            string text = Utf8.Read(NativeMethods.scumble_last_error());
            if (status == Status.Cancelled) return new OperationCanceledException(text);
            return new ScumbleException(status, text);
        }
    }
}
