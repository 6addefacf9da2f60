using System;
using System.Runtime.InteropServices;

#pragma warning disable 649 // written by the library alone

namespace Scumble
{
    /// <summary>How far a generation is, at one moment.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct GenerationProgress
    {
        internal uint structSize;
        private Phase phase;
        private int step;
        private int steps;
        private int evaluation;
        private int evaluations;
        private uint previews;
        private float spentMs;
        private float leftMs;
        private float denoiseMs;
        private float decodeMs;
        private Status status;
        private int paused;
        private Priority priority;
        private float previewMs;

        /// <summary>Where it is.</summary>
        public Phase Phase
        {
            get { return phase; }
        }

        /// <summary>Whether it has ended: done, failed or cancelled.</summary>
        public bool IsFinished
        {
            get { return phase >= Phase.Done; }
        }

        /// <summary>Steps done.</summary>
        public int Step
        {
            get { return step; }
        }

        /// <summary>Steps in all.</summary>
        public int Steps
        {
            get { return steps; }
        }

        /// <summary>UNet evaluations done.</summary>
        public int Evaluation
        {
            get { return evaluation; }
        }

        /// <summary>UNet evaluations in all: more than steps with some schedulers.</summary>
        public int Evaluations
        {
            get { return evaluations; }
        }

        /// <summary>Previews made: a new one is there when it grows.</summary>
        public int Previews
        {
            get { return (int)previews; }
        }

        /// <summary>Since it was started, until it ended; pauses count.</summary>
        public TimeSpan Spent
        {
            get { return Milliseconds.Span(spentMs); }
        }

        /// <summary>
        /// What is left by the clock, previews and decoding included, estimated; null before the first evaluation is done.
        /// </summary>
        public TimeSpan? Left
        {
            get { return leftMs < 0 ? (TimeSpan?)null : Milliseconds.Span(leftMs); }
        }

        /// <summary>Spent on UNet evaluations.</summary>
        public TimeSpan DenoiseTime
        {
            get { return Milliseconds.Span(denoiseMs); }
        }

        /// <summary>Spent on decoding the picture.</summary>
        public TimeSpan DecodeTime
        {
            get { return Milliseconds.Span(decodeMs); }
        }

        /// <summary>Spent on previews.</summary>
        public TimeSpan PreviewTime
        {
            get { return Milliseconds.Span(previewMs); }
        }

        /// <summary>
        /// <see cref="Status.Ok"/>, or the status with which it failed or was cancelled;
        /// <see cref="Generation.ThrowIfFailed"/> gives the text.
        /// </summary>
        public Status Status
        {
            get { return status; }
        }

        /// <summary>Whether it is paused. <see cref="Phase"/> tells where it goes on.</summary>
        public bool IsPaused
        {
            get { return paused != 0; }
        }

        /// <summary>The priority in force of the context's threads.</summary>
        public Priority Priority
        {
            get { return priority; }
        }

        /// <summary>Whether something is new that a progress bar or a preview shows.</summary>
        internal bool DiffersFrom(GenerationProgress other)
        {
            return phase != other.phase || evaluation != other.evaluation || previews != other.previews ||
                paused != other.paused;
        }
    }
}
