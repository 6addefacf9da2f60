using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Scumble;

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

    public static void Same(byte[] expected, byte[] found)
    {
        That(expected.SequenceEqual(found), "the same bytes");
    }

    public static void Has(string text, string words)
    {
        That(text.Contains(words), "\"" + words + "\" is in the text: " + text);
    }

    /// It throws what the library refuses with this status, and the text has these words.
    public static void Refused(Status status, string words, Action call)
    {
        var error = Throws<ScumbleException>(call);
        That(error.Status == status, "the status is " + status + ", not " + error.Status + ": " + error.Message);
        Has(error.Message, words);
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

    /// Waits until something is so, for a minute.
    public static void Soon(string what, Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); Thread.Sleep(1))
        {
            That(clock.Elapsed < TimeSpan.FromMinutes(1), what + " within a minute");
        }
    }
}

/// What this process holds, as Linux tells it.
static class Held
{
    public static int Threads
    {
        get { return Directory.GetDirectories("/proc/self/task").Length; }
    }

    /// Threads of contexts, by their name. .NET's own come and go as they like, and could hide one of them.
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

    public static int Files
    {
        get { return Directory.GetFiles("/proc/self/fd").Length; }
    }

    public static int Kilobytes
    {
        get
        {
            string line = File.ReadAllLines("/proc/self/status").First(text => text.StartsWith("VmRSS:"));
            return int.Parse(line.Split(new[] { ' ', '\t' }, StringSplitOptions.RemoveEmptyEntries)[1]);
        }
    }
}

/// What the tests paint.
static class Apple
{
    public const string Text = "a red apple, 3d style, on a blue background";

    /// Long enough for whatever is to happen meanwhile.
    public static readonly GenerationOptions Endless = new GenerationOptions { Steps = 900, Seed = 7 };

    public static Context Loaded(Place place)
    {
        var context = Context.Create(new ContextOptions(place.Model) { Threads = 1 });
        context.Wait();
        return context;
    }

    /// A picture of four steps, its bytes as RGBA.
    public static byte[] Paint(Context context)
    {
        using (var prompt = context.CreatePrompt(Text))
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
        {
            generation.Start();
            generation.Wait();
            return generation.ReadImage();
        }
    }
}
