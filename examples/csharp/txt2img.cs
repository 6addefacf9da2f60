// Paints a picture of a prompt on the library's own thread, while this one stays free.
//
//   cargo build --release
//   mcs -unsafe examples/csharp/txt2img.cs bindings/csharp/src/*.cs -out:txt2img.exe
//   LD_LIBRARY_PATH=target/release mono txt2img.exe models/emblem "a red apple, 3d style, on a blue background" out.ppm 20
using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using Scumble;

static class Txt2Img
{
    static int Main(string[] arguments)
    {
        string model = arguments.Length > 0 ? arguments[0] : "models/emblem";
        string text = arguments.Length > 1 ? arguments[1] : "a red apple, 3d style, on a blue background";
        string path = arguments.Length > 2 ? arguments[2] : "out.ppm";
        int? steps = arguments.Length > 3 ? int.Parse(arguments[3]) : (int?)null;
        try
        {
            PaintAsync(model, text, path, steps).GetAwaiter().GetResult();
            return 0;
        }
        catch (ScumbleException error)
        {
            Console.Error.WriteLine("{0}: {1}", error.Status, error.Message);
            return 1;
        }
        finally
        {
            Library.Shutdown();
        }
    }

    static async Task PaintAsync(string model, string text, string path, int? steps)
    {
        using (var context = await Context.LoadAsync(model))
        using (var prompt = await context.EncodeAsync(text))
        using (var generation = prompt.CreateGeneration(
            new GenerationOptions { Seed = 14, Steps = steps, PreviewEvery = 1 }))
        {
            await generation.RunAsync(new Previews(generation));
            GenerationInfo info = generation.Info;
            WritePpm(path, generation.ReadImage(PixelFormat.Rgb8), info.Width, info.Height);
            Console.WriteLine(
                "wrote {0}: {1} x {2}, seed {3}, {4}", path, info.Width, info.Height, info.Seed, info.Scheduler);
        }
    }

    // Told with each poll what is new, at once and in order. .NET's Progress<T> does so only where there is a
    // synchronization context, as in WPF and Unity.
    sealed class Previews : IProgress<GenerationProgress>
    {
        readonly Generation generation;
        readonly byte[] pixels;
        int seen;

        public Previews(Generation generation)
        {
            this.generation = generation;
            pixels = new byte[generation.Info.PreviewWidth * generation.Info.PreviewHeight * 4];
        }

        public void Report(GenerationProgress now)
        {
            if (now.Previews == seen || !generation.TryReadPreview(pixels)) return; // a game would show it now
            seen = now.Previews;
            Console.WriteLine("step {0} of {1}, {2:F0} ms left", now.Step, now.Steps, now.Left.Value.TotalMilliseconds);
        }
    }

    static void WritePpm(string path, byte[] rgb, int width, int height)
    {
        using (var file = File.Create(path))
        {
            byte[] header = Encoding.ASCII.GetBytes("P6 " + width + " " + height + " 255\n");
            file.Write(header, 0, header.Length);
            file.Write(rgb, 0, rgb.Length);
        }
    }
}
