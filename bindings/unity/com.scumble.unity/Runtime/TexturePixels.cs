using System;
using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;

namespace Scumble
{
    /// <summary>
    /// Pictures in textures: written straight into their memory, the bottom row first, as Unity has it. Textures are
    /// readable ones in <see cref="TextureFormat.RGBA32"/>. Main thread.
    /// </summary>
    public static class TexturePixels
    {
        static readonly PixelLayout BottomUp = new PixelLayout(PixelFormat.Rgba8, bottomUp: true);

        /// <summary>Writes a generation's finished picture into a texture of its size, and uploads that.</summary>
        /// <exception cref="ScumbleException"><see cref="Status.Empty"/> when it is not there yet.</exception>
        public static void ReadImage(this Generation generation, Texture2D texture)
        {
            var pixels = Pixels(texture, generation.Info.Width, generation.Info.Height);
            generation.ReadImage(Address(pixels), pixels.Length, BottomUp);
            Upload(texture);
        }

        /// <summary>Writes a generation's latest preview into a texture of its size, and uploads that.</summary>
        /// <returns>False when there is none yet, and then nothing is written.</returns>
        public static bool TryReadPreview(this Generation generation, Texture2D texture)
        {
            var pixels = Pixels(texture, generation.Info.PreviewWidth, generation.Info.PreviewHeight);
            if (!generation.TryReadPreview(Address(pixels), pixels.Length, BottomUp)) return false;
            Upload(texture);
            return true;
        }

        /// <summary>
        /// A texture as a picture to start from, a mask or a ControlNet's picture. The texture must stay as it is until
        /// the generation is created.
        /// </summary>
        public static Picture ToPicture(this Texture2D texture)
        {
            var pixels = Pixels(texture, texture.width, texture.height);
            return new Picture(texture.width, texture.height, Address(pixels), pixels.Length, BottomUp);
        }

        /// <summary>A texture for a picture of this size, which goes on where its edges match.</summary>
        internal static Texture2D Create(int width, int height, Seamless seamless)
        {
            return new Texture2D(width, height, TextureFormat.RGBA32, false)
            {
                wrapModeU = (seamless & Seamless.X) != 0 ? TextureWrapMode.Repeat : TextureWrapMode.Clamp,
                wrapModeV = (seamless & Seamless.Y) != 0 ? TextureWrapMode.Repeat : TextureWrapMode.Clamp
            };
        }

        /// <summary>Says what is wrong with a texture that is to hold a picture of this size.</summary>
        internal static void Check(Texture2D texture, int width, int height)
        {
            if (texture == null) throw new ArgumentNullException(nameof(texture), "the texture is null or destroyed");
            if (texture.format != TextureFormat.RGBA32 || !texture.isReadable)
                throw new ArgumentException("the texture is in " + texture.format + (texture.isReadable ? "" : " and not readable") +
                    "; expected a readable one in RGBA32", nameof(texture));
            if (texture.width != width || texture.height != height)
                throw new ArgumentException("the texture has " + texture.width + " x " + texture.height + " pixels; expected " +
                    width + " x " + height, nameof(texture));
        }

        // Smaller versions of the picture, if there are any, follow it in memory.
        static NativeArray<byte> Pixels(Texture2D texture, int width, int height)
        {
            Check(texture, width, height);
            return texture.GetRawTextureData<byte>();
        }

        static unsafe IntPtr Address(NativeArray<byte> pixels)
        {
            return (IntPtr)pixels.GetUnsafePtr();
        }

        static void Upload(Texture2D texture)
        {
            texture.Apply(texture.mipmapCount > 1, false);
        }
    }
}
