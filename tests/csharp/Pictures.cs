using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Scumble;

/// Pictures to start from, masks and ControlNets. The model is one that has them; the test in Rust compares the files with
/// what the C API paints.
static class Pictures
{
    public static void Run(Place place)
    {
        var options = new ContextOptions(place.Model)
        {
            Threads = 1,
            // The model's own, once more: it is number 1 then.
            ControlNetPaths = new[] { Path.Combine(place.Model, "controlnet") },
        };
        using (var context = Context.Create(options))
        {
            context.Wait();
            ContextInfo info = context.GetInfo();
            Check.Equal(2, info.ControlNets);
            Check.That((info.Features & Features.Pictures) != 0 && info.ControlNetBytes > 0, "it can do all of it");
            using (var prompt = context.CreatePrompt("a cat"))
            {
                prompt.Wait();
                Paint(place, prompt, info.Width, info.Height);
            }
        }
    }

    static void Paint(Place place, Prompt prompt, int width, int height)
    {
        // A picture of its own size and layout, as the test in Rust has it.
        var bytes = Enumerable.Range(0, 40 * 24 * 4).Select(i => (byte)(i * 7)).ToArray();
        var mask = Enumerable.Range(0, 40 * 24 * 3).Select(i => (byte)(i < 40 * 12 * 3 ? 0 : 255)).ToArray();
        var shapes = Enumerable.Range(0, 8 * 8 * 4).Select(i => (float)(i % 5) / 4).ToArray();
        var layout = new PixelLayout(PixelFormat.Bgra8, bottomUp: true);
        var options = new GenerationOptions
        {
            Steps = 4, Seed = 7, Strength = 0.75f,
            Picture = new Picture(40, 24, bytes, layout),
            Mask = new Picture(40, 24, mask, PixelFormat.Rgb8),
            Controls = new[]
            {
                new ControlNetInput(new Picture(8, 8, shapes)) { Scale = 0.5f, Start = 0.1f, End = 0.9f },
                new ControlNetInput(new Picture(8, 8, shapes, bottomUp: true), 1),
            },
        };
        using (var generation = prompt.CreateGeneration(options))
        {
            Check.Equal(3, generation.Info.Steps);
            // What was given was copied.
            Array.Clear(bytes, 0, bytes.Length);
            GC.Collect();
            generation.Start();
            generation.Wait();
            File.WriteAllBytes(Path.Combine(place.Folder, "guided"), generation.ReadImage());
        }

        // From anywhere in memory, with rows that have gaps.
        IntPtr memory = Marshal.AllocHGlobal(64 * 16);
        for (int i = 0; i < 64 * 16; i++) Marshal.WriteByte(memory, i, (byte)(i * 3));
        options = new GenerationOptions
        {
            Steps = 4, Seed = 7,
            Picture = new Picture(15, 16, memory, 64 * 16, new PixelLayout(PixelFormat.Rgba8, rowPitch: 64)),
        };
        using (var generation = prompt.CreateGeneration(options))
        {
            Marshal.FreeHGlobal(memory);
            generation.Start();
            generation.Wait();
            File.WriteAllBytes(Path.Combine(place.Folder, "started"), generation.ReadImage());
        }

        Picture small = new Picture(4, 4, new byte[63]), grey = new Picture(4, 4, new byte[64]);
        Check.Refused(Status.BufferTooSmall, "is 63; expected at least 64",
            () => prompt.CreateGeneration(new GenerationOptions { Picture = small }));
        Check.Refused(Status.InvalidArgument, "mask is given without a picture",
            () => prompt.CreateGeneration(new GenerationOptions { Mask = grey }));
        Check.Refused(Status.NotSupported, "controlnet is 2; the context has 2",
            () => prompt.CreateGeneration(new GenerationOptions { Controls = new[] { new ControlNetInput(grey, 2) } }));
        Check.Refused(Status.InvalidArgument, "picture",
            () => prompt.CreateGeneration(new GenerationOptions { Controls = new[] { new ControlNetInput(null) } }));
        Check.Has(Check.Throws<ArgumentNullException>(
            () => prompt.CreateGeneration(new GenerationOptions { Controls = new ControlNetInput[1] })).Message, "Controls[0]");
        Check.Throws<ArgumentNullException>(() => new Picture(4, 4, (byte[])null));
        Check.Throws<ArgumentNullException>(() => new Picture(4, 4, (float[])null));
    }
}
