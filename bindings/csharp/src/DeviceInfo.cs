using System.Runtime.InteropServices;

#pragma warning disable 649 // written by the library alone

namespace Scumble
{
    /// <summary>A provider of the loaded ONNX Runtime, on one adapter of the machine.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct DeviceInfo
    {
        internal uint structSize;
        private fixed byte device[28];
        private fixed byte name[128];
        private fixed byte vendor[64];
        private ulong memoryBytes;
        private ulong luid;
        private int usable;
        private int hardware;
        private fixed byte reason[512];

        /// <summary>
        /// What to give as <see cref="ContextOptions.Device"/>: "cpu", or a provider and its adapter, such as "cuda:1".
        /// </summary>
        public string Device
        {
            get { fixed (byte* text = device) return Utf8.Read(text); }
        }

        /// <summary>What the adapter calls itself, as far as the driver tells.</summary>
        public string Name
        {
            get { fixed (byte* text = name) return Utf8.Read(text); }
        }

        /// <summary>Who made it; empty if nobody tells.</summary>
        public string Vendor
        {
            get { fixed (byte* text = vendor) return Utf8.Read(text); }
        }

        /// <summary>Bytes of its own memory; 0 if nobody tells.</summary>
        public long MemoryBytes
        {
            get { return (long)memoryBytes; }
        }

        /// <summary>
        /// Under Windows the adapter's LUID, so that a game finds the GPU that it draws with; 0 elsewhere.
        /// </summary>
        public ulong Luid
        {
            get { return luid; }
        }

        /// <summary>Whether a context can be created on it. <see cref="Reason"/> tells why not.</summary>
        public bool IsUsable
        {
            get { return usable != 0; }
        }

        /// <summary>
        /// Whether the system knows it as hardware. What is not, such as a Vulkan driver in software, is used only when it is
        /// named.
        /// </summary>
        public bool IsHardware
        {
            get { return hardware != 0; }
        }

        /// <summary>Why it is not usable; empty if it is.</summary>
        public string Reason
        {
            get { fixed (byte* text = reason) return Utf8.Read(text); }
        }
    }
}
