using System.Runtime.InteropServices;

#pragma warning disable 649 // written by the library alone

namespace Scumble
{
    /// <summary>What a generation paints, with nothing left open.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct GenerationInfo
    {
        internal uint structSize;
        private int width;
        private int height;
        private int previewWidth;
        private int previewHeight;
        private int steps;
        private int evaluations;
        private float guidanceScale;
        private ulong seed;
        private fixed byte scheduler[32];
        private int latentChannels;
        private int latentWidth;
        private int latentHeight;
        private int reserved;

        /// <summary>Width of the picture in pixels.</summary>
        public int Width
        {
            get { return width; }
        }

        /// <summary>Height of the picture in pixels.</summary>
        public int Height
        {
            get { return height; }
        }

        /// <summary>Width of previews in pixels; 0 if none are made.</summary>
        public int PreviewWidth
        {
            get { return previewWidth; }
        }

        /// <summary>Height of previews: likewise.</summary>
        public int PreviewHeight
        {
            get { return previewHeight; }
        }

        /// <summary>
        /// Steps of the scheduler that are done: fewer than asked for where a picture to start from leaves out the first.
        /// </summary>
        public int Steps
        {
            get { return steps; }
        }

        /// <summary>UNet evaluations in all.</summary>
        public int Evaluations
        {
            get { return evaluations; }
        }

        /// <summary>Guidance scale.</summary>
        public float GuidanceScale
        {
            get { return guidanceScale; }
        }

        /// <summary>The seed: as it was given, or the one that was drawn at random, which is below 2^32.</summary>
        public ulong Seed
        {
            get { return seed; }
        }

        /// <summary>Scheduler.</summary>
        public string Scheduler
        {
            get { fixed (byte* text = scheduler) return Utf8.Read(text); }
        }

        /// <summary>Channels of the latents.</summary>
        public int LatentChannels
        {
            get { return latentChannels; }
        }

        /// <summary>Width of the latents.</summary>
        public int LatentWidth
        {
            get { return latentWidth; }
        }

        /// <summary>Height of the latents.</summary>
        public int LatentHeight
        {
            get { return latentHeight; }
        }

        /// <summary>How many numbers the latents have.</summary>
        public int LatentCount
        {
            get { return latentChannels * latentWidth * latentHeight; }
        }
    }
}
