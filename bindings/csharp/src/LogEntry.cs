using System.Runtime.InteropServices;

#pragma warning disable 649 // written by the library alone

namespace Scumble
{
    /// <summary>A line of the log.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct LogEntry
    {
        internal uint structSize;
        private LogLevel level;
        private uint dropped;
        private fixed byte text[1028];

        /// <summary>How much it matters.</summary>
        public LogLevel Level
        {
            get { return level; }
        }

        /// <summary>How many lines before this one were dropped, since only the newest 256 are kept.</summary>
        public int Dropped
        {
            get { return (int)dropped; }
        }

        /// <summary>What happened: one line.</summary>
        public string Text
        {
            get { fixed (byte* line = text) return Utf8.Read(line); }
        }
    }
}
