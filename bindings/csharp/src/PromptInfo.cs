using System;
using System.Runtime.InteropServices;

#pragma warning disable 169, 649 // written by the library alone

namespace Scumble
{
    /// <summary>An encoded prompt.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PromptInfo
    {
        internal uint structSize;
        private int tokens;
        private int negativeTokens;
        private int truncated;
        private int negativeTruncated;
        private float encodeMs;
        private int chunks;
        private int notFollowed;

        /// <summary>Tokens of the text, also those that were cut off; begin and end not counted.</summary>
        public int Tokens
        {
            get { return tokens; }
        }

        /// <summary>Tokens of the negative text.</summary>
        public int NegativeTokens
        {
            get { return negativeTokens; }
        }

        /// <summary>Whether the text was longer than the model reads, so that its end does not count.</summary>
        public bool Truncated
        {
            get { return truncated != 0; }
        }

        /// <summary>The same of the negative text.</summary>
        public bool NegativeTruncated
        {
            get { return negativeTruncated != 0; }
        }

        /// <summary>How long encoding took.</summary>
        public TimeSpan EncodeTime
        {
            get { return Milliseconds.Span(encodeMs); }
        }

        /// <summary>
        /// How often the text encoder read, each time <see cref="ContextInfo.TokenLimit"/> tokens at most.
        /// </summary>
        public int Chunks
        {
            get { return chunks; }
        }

        /// <summary>
        /// How many places of both texts are syntax of other tools that is not followed, such as &lt;lora:…&gt;: see
        /// <see cref="PromptSyntax"/>. A warning in the log names them. Of a blended prompt those of both prompts.
        /// </summary>
        public int NotFollowed
        {
            get { return notFollowed; }
        }
    }
}
