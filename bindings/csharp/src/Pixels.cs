using System;

namespace Scumble
{
    /// <summary>How a pixel lies in memory. Channels are sRGB-encoded, alpha is opaque.</summary>
    public enum PixelFormat
    {
        /// <summary>Four bytes: red, green, blue, alpha.</summary>
        Rgba8 = 0,
        /// <summary>Four bytes: blue, green, red, alpha.</summary>
        Bgra8 = 1,
        /// <summary>Three bytes: red, green, blue.</summary>
        Rgb8 = 2,
        /// <summary>Four 32-bit floats, 0 to 1: red, green, blue, alpha.</summary>
        Rgba32F = 3,
    }

    /// <summary>
    /// How the pixels of a picture lie in memory. As it begins: RGBA of four bytes, the top row first, no gaps.
    /// </summary>
    public struct PixelLayout
    {
        /// <summary>A layout of this format, the top row first, no gaps.</summary>
        public PixelLayout(PixelFormat format, bool bottomUp = false, int rowPitch = 0) : this()
        {
            Format = format;
            BottomUp = bottomUp;
            RowPitch = rowPitch;
        }

        /// <summary>How a pixel lies in memory.</summary>
        public PixelFormat Format { get; set; }

        /// <summary>Whether the bottom row comes first, as Unity's textures have it.</summary>
        public bool BottomUp { get; set; }

        /// <summary>Whether alpha is not read and every pixel counts as opaque.</summary>
        public bool Opaque { get; set; }

        /// <summary>Bytes from the beginning of a row to that of the next; 0 for rows without a gap.</summary>
        public int RowPitch { get; set; }

        /// <summary>A format with the top row first and no gaps.</summary>
        public static implicit operator PixelLayout(PixelFormat format)
        {
            return new PixelLayout(format);
        }

        /// <summary>How many bytes a picture takes.</summary>
        public long SizeOf(int width, int height)
        {
            int pixel = Format == PixelFormat.Rgba32F ? 16 : Format == PixelFormat.Rgb8 ? 3 : 4;
            return height * (RowPitch == 0 ? (long)width * pixel : RowPitch);
        }

        internal unsafe ImageDesc Describe(int width, int height, IntPtr pixels, long size)
        {
            if (RowPitch < 0) throw new ArgumentOutOfRangeException(nameof(RowPitch), RowPitch, "expected 0 or more");
            if (size < 0) throw new ArgumentOutOfRangeException(nameof(size), size, "expected 0 or more");
            return new ImageDesc
            {
                structSize = (uint)sizeof(ImageDesc),
                format = Format,
                width = width,
                height = height,
                rowPitch = (uint)RowPitch,
                flags = (BottomUp ? NativeMethods.ImageBottomUp : 0) | (Opaque ? NativeMethods.ImageOpaque : 0),
                pixelsSize = (ulong)size,
                pixels = pixels,
            };
        }
    }
}
