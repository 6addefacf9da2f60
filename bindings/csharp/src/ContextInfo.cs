using System;
using System.Runtime.InteropServices;

#pragma warning disable 169, 649 // written by the library alone

namespace Scumble
{
    /// <summary>A loaded model.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct ContextInfo
    {
        internal uint structSize;
        private int width;
        private int height;
        private int sizeMultiple;
        private int latentChannels;
        private int tokenLimit;
        private int maxSteps;
        private int defaultSteps;
        private float defaultGuidanceScale;
        private float loadMs;
        private fixed byte model[96];
        private fixed byte family[16];
        private Features features;
        private int controlnets;
        private ulong textEncoderBytes;
        private ulong unetBytes;
        private ulong vaeBytes;
        private ulong controlnetBytes;
        private Seamless seamless;
        private uint reserved;
        private fixed byte device[32];
        private fixed byte deviceName[128];

        /// <summary>The width in pixels that the model was trained at, and the default of a generation.</summary>
        public int Width
        {
            get { return width; }
        }

        /// <summary>The height: likewise.</summary>
        public int Height
        {
            get { return height; }
        }

        /// <summary>Widths and heights must be multiples of this: 64 for Stable Diffusion 1 and 2, 32 for SDXL.</summary>
        public int SizeMultiple
        {
            get { return sizeMultiple; }
        }

        /// <summary>Channels of the latents.</summary>
        public int LatentChannels
        {
            get { return latentChannels; }
        }

        /// <summary>The longest prompt in tokens, begin and end not counted. What is longer is cut off.</summary>
        public int TokenLimit
        {
            get { return tokenLimit; }
        }

        /// <summary>The most steps that a generation can have.</summary>
        public int MaxSteps
        {
            get { return maxSteps; }
        }

        /// <summary>Default steps of a generation.</summary>
        public int DefaultSteps
        {
            get { return defaultSteps; }
        }

        /// <summary>Default guidance scale of a generation.</summary>
        public float DefaultGuidanceScale
        {
            get { return defaultGuidanceScale; }
        }

        /// <summary>How long loading took.</summary>
        public TimeSpan LoadTime
        {
            get { return Milliseconds.Span(loadMs); }
        }

        /// <summary>The name of the model's directory.</summary>
        public string Model
        {
            get { fixed (byte* text = model) return Utf8.Read(text); }
        }

        /// <summary>What kind of Stable Diffusion it is: "sd1", "sd2" or "sdxl".</summary>
        public string Family
        {
            get { fixed (byte* text = family) return Utf8.Read(text); }
        }

        /// <summary>What it can do besides text-to-image.</summary>
        public Features Features
        {
            get { return features; }
        }

        /// <summary>How many ControlNets are loaded.</summary>
        public int ControlNets
        {
            get { return controlnets; }
        }

        /// <summary>
        /// Bytes that the text encoders hold at this moment: weights, and what they compute in. 0 while they are unloaded.
        /// </summary>
        public long TextEncoderBytes
        {
            get { return (long)textEncoderBytes; }
        }

        /// <summary>The UNet's.</summary>
        public long UnetBytes
        {
            get { return (long)unetBytes; }
        }

        /// <summary>The autoencoder's, both halves of it.</summary>
        public long VaeBytes
        {
            get { return (long)vaeBytes; }
        }

        /// <summary>The ControlNets', all of them.</summary>
        public long ControlNetBytes
        {
            get { return (long)controlnetBytes; }
        }

        /// <summary>What it runs on: <see cref="DeviceInfo.Device"/>.</summary>
        public string Device
        {
            get { fixed (byte* text = device) return Utf8.Read(text); }
        }

        /// <summary>What that adapter calls itself.</summary>
        public string DeviceName
        {
            get { fixed (byte* text = deviceName) return Utf8.Read(text); }
        }

        /// <summary>Which edges of its pictures match, as it was asked for.</summary>
        public Seamless Seamless
        {
            get { return seamless; }
        }
    }
}
