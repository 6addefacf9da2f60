using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Fake;
using Scumble;
using UnityEngine;

/// What must be so.
static class Check
{
    public static void That(bool condition, string what)
    {
        if (!condition) throw new Exception("not so: " + what);
    }

    public static void Equal<T>(T expected, T found)
    {
        if (!Equals(expected, found)) throw new Exception("expected " + expected + ", found " + found);
    }

    public static void Has(string text, params string[] words)
    {
        foreach (var word in words) That(text.Contains(word), "\"" + word + "\" is in the text: " + text);
    }

    public static T Throws<T>(Action call) where T : Exception
    {
        try
        {
            call();
        }
        catch (T error)
        {
            return error;
        }
        throw new Exception("no " + typeof(T).Name + " was thrown");
    }

    /// The task has failed with this.
    public static T Failed<T>(Task task) where T : Exception
    {
        Frames.Until(() => task.IsCompleted);
        That(task.IsFaulted, "the task has failed, not " + task.Status);
        var error = task.Exception.InnerException as T;
        That(error != null, "it failed with " + typeof(T).Name + ", not " + task.Exception.InnerException);
        return error;
    }

    public static void Cancelled(Task task)
    {
        Frames.Until(() => task.IsCompleted);
        Equal(TaskStatus.Canceled, task.Status);
    }

    /// The library was shut down: it does not know this any more, which nobody has given back.
    public static void IsForgotten(Context own)
    {
        Equal(Status.InvalidHandle, Throws<ScumbleException>(() => own.Poll()).Status);
    }

    /// Nothing was logged, and no texture or request was left behind.
    public static void Clean()
    {
        That(PlayerLoop.Logged.Count == 0, "nothing was logged: " + string.Join("\n", PlayerLoop.Logged));
        Equal(0, PlayerLoop.Textures);
        Equal(0, Archive.Open);
    }
}

/// The engine's frames.
static class Frames
{
    public static int Count;

    /// One frame after the other until something is so: two minutes at most.
    public static void Until(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Sleep(1))
        {
            Check.That(clock.Elapsed < TimeSpan.FromMinutes(2), "it came to pass within two minutes; logged: " + string.Join("\n", PlayerLoop.Logged));
            Next();
        }
    }

    public static void Next()
    {
        Count++;
        EditorLoop.Frame();
    }
}

/// What this process holds, as Linux tells it.
static class Held
{
    /// Threads of the library, by their name.
    public static int Workers
    {
        get { return Directory.GetDirectories("/proc/self/task").Count(IsWorker); }
    }

    static bool IsWorker(string thread)
    {
        try
        {
            return File.ReadAllText(thread + "/comm").Trim() == "scumble";
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }
}

/// What the tests paint, and with what.
static class Apple
{
    public const string Text = "a red apple, 3d style, on a blue background";

    /// Those of the picture that the C API painted.
    public static GenerationOptions Options
    {
        get { return new GenerationOptions { Steps = 4, Seed = 14 }; }
    }

    /// Long enough for whatever is to happen meanwhile.
    public static GenerationOptions Endless
    {
        get { return new GenerationOptions { Steps = 900, Seed = 14, PreviewEvery = 1 }; }
    }

    public static ScumbleContext Context()
    {
        return new GameObject("Painter").AddComponent<ScumbleContext>();
    }

    public static ScumbleContext Loaded()
    {
        var context = Context();
        var loaded = context.LoadAsync();
        Frames.Until(() => loaded.IsCompleted);
        loaded.GetAwaiter().GetResult();
        return context;
    }

    /// The picture is the C API's, the other way round, and what is shown.
    public static void Compare(Place place, Texture2D texture)
    {
        const string Header = "P6 64 64 255\n";
        var ppm = File.ReadAllBytes(place.Picture);
        Check.Equal(Header, System.Text.Encoding.ASCII.GetString(ppm, 0, Header.Length));
        var pixels = PlayerLoop.Shown(texture);
        Check.Equal(64 * 64 * 4, pixels.Length);
        for (var y = 0; y < 64; y++)
            for (var x = 0; x < 64; x++)
            {
                int there = Header.Length + 3 * (64 * (63 - y) + x), here = 4 * (64 * y + x);
                var same = ppm.Skip(there).Take(3).SequenceEqual(pixels.Skip(here).Take(3));
                Check.That(same && pixels[here + 3] == 255, "pixel " + x + ", " + y + " is that of the C API");
            }
    }
}

/// Hears of a picture, on the main thread.
sealed class Observer : IProgress<Painting>
{
    readonly Thread thread = Thread.CurrentThread;
    readonly Action<Painting> heard;
    public int Reports;
    public Painting Painting;

    public Observer(Action<Painting> heard = null)
    {
        this.heard = heard;
    }

    public void Report(Painting painting)
    {
        Check.That(Thread.CurrentThread == thread, "reports come on the main thread");
        Reports++;
        Painting = painting;
        if (heard != null) heard(painting);
    }
}
