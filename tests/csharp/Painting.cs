using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Scumble;

/// Text to image in every way to take the pixels, and what is told of context, prompt and generation. The test in Rust
/// compares the files that are written with what the C API paints.
static class Painting
{
    public static void Run(Place place)
    {
        using (var context = Context.Create(new ContextOptions(place.Model) { Threads = 1 }))
        {
            // A poll does not wait, and neither does a wait of no time.
            while (!context.Poll()) Check.That(!context.Wait(TimeSpan.Zero) || context.Poll(), "a wait agrees with a poll");
            context.Wait();
            Describe(context);
            using (var prompt = context.CreatePrompt(Apple.Text, "green"))
            {
                prompt.Wait();
                PromptInfo info = prompt.GetInfo();
                Check.That(info.Tokens == 12 && info.NegativeTokens == 1 && info.Chunks == 1, "tokens are counted");
                Check.That(!info.Truncated && !info.NegativeTruncated && info.EncodeTime > TimeSpan.Zero, "it fits");
                Paint(place, prompt);
                Gap(prompt);
                Pauses(context, prompt);
            }
        }
        Memory(place);
        Devices();
        Log();
    }

    static void Describe(Context context)
    {
        ContextInfo info = context.GetInfo();
        Check.That(info.Width == 64 && info.Height == 64 && info.SizeMultiple == 16, "it paints 64 x 64");
        Check.That(info.LatentChannels == 4 && info.TokenLimit == 22 && info.MaxSteps == 1000, "limits");
        Check.That(info.DefaultSteps > 0 && info.DefaultGuidanceScale > 1, "defaults");
        Check.That(info.LoadTime > TimeSpan.Zero, "loading took time");
        Check.Equal("emblem-64", info.Model);
        Check.Equal("sd1", info.Family);
        Check.Equal(Features.Pictures, info.Features & ~Features.ClipSkip);
        Check.That(info.ControlNets == 0 && info.ControlNetBytes == 0, "it has no ControlNets");
        Check.That(info.TextEncoderBytes > 0 && info.UnetBytes > 0 && info.VaeBytes > 0, "it holds memory");
        Check.Equal(Seamless.None, info.Seamless);
        Check.That(info.Device == "cpu" && info.DeviceName != "", "it runs on the CPU");

        context.Trim();
        Check.Soon("trimming gives memory back", () => context.GetInfo().UnetBytes == 0);
        context.SetPace(0.5f);
        context.SetPace(1);
        context.SetPriority(Priority.Normal);
    }

    static void Paint(Place place, Prompt prompt)
    {
        var options = new GenerationOptions
        {
            Width = 64, Height = 48, Steps = 5, GuidanceScale = 3.5f, GuidanceRescale = 0.25f, Seed = 1099511627777,
            Scheduler = "Euler a", Sigmas = "karras",
            PreviewEvery = 2, PreviewWidth = 32, PreviewHeight = 24, PreviewSource = PreviewSource.Linear, KeepLatents = true,
        };
        using (var generation = prompt.CreateGeneration(options))
        {
            GenerationInfo info = generation.Info;
            Check.That(info.Width == 64 && info.Height == 48, "the picture is of the size asked for");
            Check.That(info.PreviewWidth == 32 && info.PreviewHeight == 24, "and so are previews");
            Check.That(info.Steps == 5 && info.Evaluations == 5 && info.GuidanceScale == 3.5f, "numbers go through");
            Check.Equal(1099511627777UL, info.Seed);
            Check.Equal("euler_a", info.Scheduler);

            var preview = new byte[32 * 24 * 4];
            Check.That(!generation.TryReadPreview(preview), "no preview yet");
            Check.Refused(Status.Empty, "scumble_generation_read_image", () => generation.ReadImage());
            Check.Equal(Phase.Created, generation.Poll().Phase);

            generation.Start();
            generation.Wait();
            generation.ThrowIfFailed();
            GenerationProgress end = generation.Poll();
            Check.That(end.IsFinished && end.Phase == Phase.Done && end.Status == Status.Ok && !end.IsPaused, "it is done");
            Check.That(end.Step == 5 && end.Steps == 5 && end.Evaluation == 5 && end.Evaluations == 5, "all of it");
            Check.That(end.Previews == 2 && end.Left == TimeSpan.Zero && end.Priority == Priority.Normal, "nothing is left");
            Check.That(end.DenoiseTime > TimeSpan.Zero && end.DecodeTime > TimeSpan.Zero, "parts took time");
            Check.That(end.PreviewTime > TimeSpan.Zero, "previews did");
            Check.That(end.Spent >= end.DenoiseTime + end.DecodeTime + end.PreviewTime - TimeSpan.FromMilliseconds(1),
                "and the whole is no less than its parts");

            Action<string, byte[]> write = (name, pixels) => File.WriteAllBytes(Path.Combine(place.Folder, name), pixels);
            write("rgba8", generation.ReadImage());
            write("bgra8", generation.ReadImage(new PixelLayout(PixelFormat.Bgra8, bottomUp: true)));
            write("rgb8", generation.ReadImage(PixelFormat.Rgb8));
            write("rgba32f", generation.ReadImage(PixelFormat.Rgba32F));
            Latents(prompt, options, generation);
            Check.That(generation.TryReadPreview(preview), "a preview is there");
            write("preview", preview);
            OtherMemory(generation, preview);
        }
    }

    /// What is read is what a generation can start from.
    static void Latents(Prompt prompt, GenerationOptions options, Generation done)
    {
        GenerationInfo info = done.Info;
        Check.That(info.LatentChannels == 4 && info.LatentWidth * 48 == info.LatentHeight * 64, "latents have the shape");
        float[] latents = done.ReadLatents();
        Check.That(latents.Length == info.LatentCount && latents.Any(x => x != 0), "they are numbers");
        Check.Refused(Status.BufferTooSmall, "count is 3", () => done.ReadLatents(new float[3]));
        var from = new GenerationOptions { Width = 64, Height = 48, Steps = 4, Seed = 3, Latents = latents, Strength = 0.5f };
        using (var again = prompt.CreateGeneration(from))
        {
            Check.Refused(Status.Empty, "before the first evaluation", () => again.ReadLatents());
            again.Start();
            again.Wait();
            Check.Refused(Status.WrongState, "were not kept", () => again.ReadLatents());
            byte[] before = done.ReadImage(), after = again.ReadImage();
            double off = before.Zip(after, (a, b) => Math.Abs(a - b)).Average();
            Check.That(off > 0 && off < 60, "it departs from the image by " + off);
        }
        from.Latents = new float[5];
        Check.Refused(Status.InvalidArgument, "latents_count is 5", () => prompt.CreateGeneration(from));
    }

    /// Arrays of floats, pointers and spans have what arrays of bytes have.
    static void OtherMemory(Generation generation, byte[] preview)
    {
        var floats = new float[64 * 48 * 4];
        generation.ReadImage(floats);
        var bytes = new byte[floats.Length * sizeof(float)];
        Buffer.BlockCopy(floats, 0, bytes, 0, bytes.Length);
        Check.Same(generation.ReadImage(PixelFormat.Rgba32F), bytes);
        generation.ReadImage(floats, bottomUp: true);
        Buffer.BlockCopy(floats, 0, bytes, 0, bytes.Length);
        Check.Same(generation.ReadImage(new PixelLayout(PixelFormat.Rgba32F, bottomUp: true)), bytes);
        var small = new float[32 * 24 * 4];
        Check.That(generation.TryReadPreview(small), "a preview of floats");
        Check.Equal(preview[0], (byte)Math.Round(small[0] * 255));

        byte[] expected = generation.ReadImage(), found = new byte[expected.Length];
        IntPtr memory = Marshal.AllocHGlobal(expected.Length);
        generation.ReadImage(memory, expected.Length);
        Marshal.Copy(memory, found, 0, found.Length);
        Check.Same(expected, found);
        Check.That(generation.TryReadPreview(memory, preview.Length), "a preview by pointer");
        found = new byte[preview.Length];
        Marshal.Copy(memory, found, 0, found.Length);
        Check.Same(preview, found);
        Marshal.FreeHGlobal(memory);

        Check.Refused(Status.BufferTooSmall, "is 12287; expected at least 12288", () => generation.ReadImage(new byte[12287]));
        Check.Refused(Status.BufferTooSmall, "is 0; expected at least 12288", () => generation.ReadImage(new byte[0]));
        Check.Refused(Status.BufferTooSmall, "pixels_size", () => generation.TryReadPreview(new byte[1]));
        Check.Throws<ArgumentNullException>(() => generation.ReadImage((byte[])null));
        Check.Throws<ArgumentOutOfRangeException>(() => generation.ReadImage(IntPtr.Zero, -1));
        Check.Throws<ArgumentOutOfRangeException>(
            () => generation.ReadImage(new byte[12288], new PixelLayout(PixelFormat.Rgba8, rowPitch: -1)));
#if SCUMBLE_SPAN
        Span<byte> span = new byte[expected.Length + 7];
        generation.ReadImage(span.Slice(3, expected.Length));
        Check.Same(expected, span.Slice(3, expected.Length).ToArray());
        Check.That(span[2] == 0 && span[expected.Length + 3] == 0, "nothing beside the span is written");
        Check.That(generation.TryReadPreview(span.Slice(0, preview.Length)), "a preview into a span");
        Check.Same(preview, span.Slice(0, preview.Length).ToArray());
        Check.Refused(Status.BufferTooSmall, "is 0; expected at least 12288", () => generation.ReadImage(new Span<byte>()));
#endif
    }

    /// Rows may have gaps, into which nothing is written.
    static void Gap(Prompt prompt)
    {
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 1 }))
        {
            Check.That(generation.Info.Seed <= uint.MaxValue, "a seed is drawn");
            generation.Start();
            Check.That(generation.Wait(Timeout.InfiniteTimeSpan), "it is done");
            var layout = new PixelLayout(PixelFormat.Rgb8, rowPitch: 200);
            Check.Equal(200 * 64L, layout.SizeOf(64, 64));
            byte[] tight = generation.ReadImage(PixelFormat.Rgb8), wide = generation.ReadImage(layout);
            for (int row = 0; row < 64; row++)
            {
                Check.Same(tight.Skip(row * 192).Take(192).ToArray(), wide.Skip(row * 200).Take(192).ToArray());
                Check.That(wide.Skip(row * 200 + 192).Take(8).All(value => value == 0), "the gap stays as it was");
            }
            Check.Refused(Status.WrongState, "makes no previews", () => generation.TryReadPreview(tight));
        }
    }

    static void Pauses(Context context, Prompt prompt)
    {
        using (var generation = prompt.CreateGeneration(Apple.Endless))
        {
            Check.Refused(Status.WrongState, "scumble_generation_pause", generation.Pause);
            generation.Start();
            Check.Refused(Status.WrongState, "scumble_generation_start", generation.Start);
            Check.Soon("it begins", () => generation.Poll().Evaluation > 0);
            Check.That(generation.Poll().Left > TimeSpan.Zero, "time is left");
            generation.Pause();
            Check.That(generation.Poll().IsPaused, "it is paused");
            Apple.Paint(context); // another one takes every turn meanwhile
            int paused = generation.Poll().Evaluation;
            Apple.Paint(context);
            Check.Equal(paused, generation.Poll().Evaluation);
            generation.Resume();
            Check.Soon("it goes on", () => generation.Poll().Evaluation > paused);
            context.SetPriority(Priority.Background);
            Check.Soon("the priority is told", () => generation.Poll().Priority == Priority.Background);
            context.SetPriority(Priority.Normal); // else it ends only when a busy machine has nothing else to do
        }
    }

    static void Memory(Place place)
    {
        var options = new ContextOptions(place.Model)
        {
            Device = "cpu", Threads = 2, Priority = Priority.Normal, Weights = Weights.Mapped, Seamless = Seamless.X | Seamless.Y,
            MemoryBudget = 1UL << 30,
        };
        using (var context = Context.Create(options))
        {
            context.Wait();
            Check.Equal(Seamless.X | Seamless.Y, context.GetInfo().Seamless);
            Apple.Paint(context);
        }
        options.MemoryBudget = 1;
        using (var context = Context.Create(options)) Check.Refused(Status.OutOfMemory, "memory_budget", context.Wait);
    }

    static void Devices()
    {
        DeviceInfo[] devices = Library.GetDevices();
        DeviceInfo cpu = devices.Single(device => device.Device == "cpu");
        Check.That(cpu.IsUsable && cpu.IsHardware && cpu.Name != "" && cpu.Reason == "", "the CPU can be used");
        Check.That(cpu.Luid == 0 && cpu.MemoryBytes >= 0 && cpu.Vendor != null, "what nobody tells is empty");
        Check.That(devices.All(device => device.IsUsable == (device.Reason == "")), "what cannot be used says why");
    }

    static void Log()
    {
        LogEntry entry;
        Check.That(Library.TryNextLog(out entry), "something was logged");
        Check.That(entry.Level == LogLevel.Info && entry.Dropped == 0, "nothing was lost");
        Check.Has(entry.Text, "ONNX Runtime");
        while (Library.TryNextLog(out entry)) Check.That(entry.Level != LogLevel.Error, entry.Text);
    }
}
