using System;

namespace Scumble
{
    /// <summary>
    /// Pixels of the caller's that a generation is to start from, a mask, or a ControlNet's picture. They are read when the
    /// generation is created, and neither changed nor kept.
    /// </summary>
    public sealed class Picture
    {
        private readonly int width;
        private readonly int height;
        private readonly PixelLayout layout;
        private readonly Array array;
        private readonly IntPtr memory;
        private readonly long size;

        /// <summary>A picture in an array of bytes.</summary>
        public Picture(int width, int height, byte[] pixels, PixelLayout layout = default(PixelLayout))
            : this(width, height, pixels, IntPtr.Zero, pixels == null ? 0 : pixels.LongLength, layout)
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
        }

        /// <summary>A picture in an array of floats: four a pixel, 0 to 1.</summary>
        public Picture(int width, int height, float[] pixels, bool bottomUp = false)
            : this(width, height, pixels, IntPtr.Zero, pixels == null ? 0 : pixels.LongLength * sizeof(float),
                new PixelLayout(PixelFormat.Rgba32F, bottomUp))
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
        }

        /// <summary>A picture anywhere in memory, which must stay until the generation is created.</summary>
        /// <param name="width">Pixels along a row: 1 to 8192.</param>
        /// <param name="height">Rows: 1 to 8192.</param>
        /// <param name="pixels">Where it begins.</param>
        /// <param name="size">How many bytes there are.</param>
        /// <param name="layout">How they lie.</param>
        public Picture(int width, int height, IntPtr pixels, long size, PixelLayout layout = default(PixelLayout))
            : this(width, height, null, pixels, size, layout)
        {
        }

        private Picture(int width, int height, Array array, IntPtr memory, long size, PixelLayout layout)
        {
            this.width = width;
            this.height = height;
            this.array = array;
            this.memory = memory;
            this.size = size;
            this.layout = layout;
        }

        /// <summary>Where a description of it lies, for as long as the pins hold; zero for null.</summary>
        internal static IntPtr Describe(Picture picture, Pins pins)
        {
            if (picture == null) return IntPtr.Zero;
            IntPtr pixels = picture.array == null ? picture.memory : pins.Array(picture.array);
            return pins.Array(new[] { picture.layout.Describe(picture.width, picture.height, pixels, picture.size) });
        }
    }
}
