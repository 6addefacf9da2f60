using System.Runtime.InteropServices;

#pragma warning disable 649 // written by the library alone

namespace Scumble
{
    /// <summary>A device that contexts can be created on.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct DeviceInfo
    {
        internal uint structSize;
        private fixed byte device[28];
        private fixed byte name[128];

        /// <summary>What to give as <see cref="ContextOptions.Device"/>: "cpu".</summary>
        public string Device
        {
            get { fixed (byte* text = device) return Utf8.Read(text); }
        }

        /// <summary>What the hardware calls itself.</summary>
        public string Name
        {
            get { fixed (byte* text = name) return Utf8.Read(text); }
        }
    }
}
