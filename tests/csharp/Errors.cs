using System;
using Scumble;

/// What is refused says which parameter and which value, whichever side of the border finds it.
static class Errors
{
    public static void Run(Place place)
    {
        Check.Equal(1, Library.AbiVersion);
        Check.Equal("SCUMBLE_STATUS_MODEL_IS_POINTER", Library.StatusName(Status.ModelIsPointer));
        Check.Equal("SCUMBLE_STATUS_UNKNOWN", Library.StatusName((Status)12345));
        Check.Refused(Status.NotReady, "scumble_device_count", () => Library.GetDevices());
        Check.Refused(Status.RuntimeNotFound, "/nowhere/\u00e4", () => Library.LoadRuntime("/nowhere/\u00e4"));
        Library.LoadRuntime();
        Check.Refused(Status.RuntimeInvalid, "/nowhere/provider", () => Library.AddProvider("/nowhere/provider"));

        Check.Refused(Status.InvalidArgument, "model_path", () => Context.Create(new ContextOptions()));
        Check.Refused(Status.InvalidArgument, "threads is 257", () => Context.Create(new ContextOptions(place.Model) { Threads = 257 }));
        Check.Refused(Status.InvalidArgument, "priority is 9",
            () => Context.Create(new ContextOptions(place.Model) { Priority = (Priority)9 }));
        Check.Refused(Status.LimitExceeded, "controlnet_count is 17",
            () => Context.Create(new ContextOptions(place.Model) { ControlNetPaths = new string[17] }));
        Check.Refused(Status.InvalidArgument, "entry 1",
            () => Context.Create(new ContextOptions(place.Model) { ControlNetPaths = new[] { "a", null } }));
        Check.Throws<ArgumentNullException>(() => Context.Create((ContextOptions)null));
        Texts(place);

        // Of a path that no ASCII has, to the end of a long one.
        foreach (string path in new[] { "/nowhere/\u6a21\u578b \ud83c\udf4e", "/" + new string('x', 200) })
        {
            using (var context = Context.Create(path)) Check.Refused(Status.ModelNotFound, path, context.Wait);
        }
        using (var context = Context.Create(new ContextOptions(place.Model) { Device = "cuda:7" }))
        {
            Check.Refused(Status.DeviceNotFound, "cuda:7", context.Wait);
        }
        Check.Refused(Status.NotSupported, "device_options",
            () => Context.Create(new ContextOptions(place.Model) { Device = "cpu", DeviceOptions = "a=b" }));
        using (var context = Context.Create(new ContextOptions(place.Model) { Variant = "fp8" }))
        {
            Check.Refused(Status.InvalidArgument, "fp8", context.Wait);
        }
        Early(place);
        using (var context = Apple.Loaded(place)) Loaded(context);
    }

    static void Texts(Place place)
    {
        var nul = Check.Throws<ArgumentException>(() => Context.Create("models\0emblem"));
        Check.Has(nul.Message, "NUL");
        Check.Equal("ModelPath", nul.ParamName);
        var half = Check.Throws<ArgumentException>(() => Context.Create(new ContextOptions(place.Model) { Device = "\ud83c" }));
        Check.Has(half.Message, "surrogate");
        Check.Equal("Device", half.ParamName);
    }

    static void Early(Place place)
    {
        using (var context = Context.Create(place.Model))
        {
            var error = Check.Throws<ScumbleException>(() => context.CreatePrompt("too early"));
            Check.That(error.Status == Status.NotReady && error.IsPending, "it is only a matter of time");
            Check.Refused(Status.NotReady, "scumble_context_get_info", () => context.GetInfo());
            Check.Throws<ArgumentOutOfRangeException>(() => context.Wait(TimeSpan.FromSeconds(-1)));
            Check.Throws<ArgumentOutOfRangeException>(() => context.Wait(TimeSpan.FromDays(25)));
            Check.That(!context.Wait(TimeSpan.FromTicks(1)), "a tick is not enough");
        }
    }

    static void Loaded(Context context)
    {
        Check.Refused(Status.InvalidArgument, "share is 0", () => context.SetPace(0));
        Check.Refused(Status.InvalidArgument, "priority is 7", () => context.SetPriority((Priority)7));
        Check.Throws<ArgumentNullException>(() => context.CreatePrompt((PromptOptions)null));
        Check.Refused(Status.InvalidArgument, "text is NULL", () => context.CreatePrompt(new PromptOptions()));
        Check.Refused(Status.LimitExceeded, "text", () => context.CreatePrompt(new string('x', 65537)));
        Check.Refused(Status.InvalidArgument, "clip_skip is -1",
            () => context.CreatePrompt(new PromptOptions("") { ClipSkip = -1 }));
        Check.Refused(Status.InvalidArgument, "syntax is 5",
            () => context.CreatePrompt(new PromptOptions("") { Syntax = (PromptSyntax)5 }));
        using (var prompt = context.CreatePrompt("\u00e4\u00f6\u00fc \ud83c\udf4e", ""))
        {
            prompt.Wait();
            Action<string, GenerationOptions> refused = (words, options) =>
                Check.Refused(Status.InvalidArgument, words, () => prompt.CreateGeneration(options));
            refused("width is 65", new GenerationOptions { Width = 65 });
            refused("height is 0", new GenerationOptions { Height = 0 });
            refused("steps is 0", new GenerationOptions { Steps = 0 });
            refused("guidance_scale is -1", new GenerationOptions { GuidanceScale = -1 });
            refused("guidance_scale is NaN", new GenerationOptions { GuidanceScale = float.NaN });
            refused("guidance_rescale is 2", new GenerationOptions { GuidanceRescale = 2 });
            refused("preview_every is -1", new GenerationOptions { PreviewEvery = -1 });
            refused("preview_width is 0", new GenerationOptions { PreviewEvery = 1, PreviewWidth = 0 });
            refused("preview_height is 9000", new GenerationOptions { PreviewEvery = 1, PreviewHeight = 9000 });
            refused("preview_source is 8", new GenerationOptions { PreviewSource = (PreviewSource)8 });
            refused("eu1er", new GenerationOptions { Scheduler = "eu1er" });
            refused("carras", new GenerationOptions { Sigmas = "carras" });
        }
        context.Dispose();
        Check.Throws<ObjectDisposedException>(() => context.Poll());
        Check.Throws<ObjectDisposedException>(() => context.CreatePrompt("too late"));
        Check.Throws<ObjectDisposedException>(() => context.GetInfo());
        Check.Throws<ObjectDisposedException>(context.Wait);
    }
}
