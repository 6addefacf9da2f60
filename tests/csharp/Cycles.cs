using System;
using System.Threading;
using Scumble;

/// Pictures begun and given up, a thousand of them: threads, files and memory are as after the first ones.
static class Cycles
{
    const int Count = 1000, Megabytes = 32;

    public static void Run(Place place)
    {
        using (var shared = Apple.Loaded(place))
        {
            for (int nth = 0; nth < Count / 5; nth++) Cycle(place, shared, nth);
            Settle();
            Console.WriteLine("{0} threads, {1} files, {2} kB", Held.Threads, Held.Files, Held.Kilobytes);
            int threads = Held.Threads, files = Held.Files, kilobytes = Held.Kilobytes;
            long managed = GC.GetTotalMemory(true);
            for (int nth = Count / 5; nth < Count; nth++) Cycle(place, shared, nth);
            Settle();
            Console.WriteLine("{0} threads, {1} files, {2} kB", Held.Threads, Held.Files, Held.Kilobytes);
            Check.Soon("only the shared context has a thread", () => Held.Workers == 1);
            Check.That(Held.Threads <= threads, "threads do not grow");
            Check.That(Held.Files <= files, "files do not grow");
            Check.That(Held.Kilobytes <= kilobytes + Megabytes * 1024, "memory does not grow");
            Check.That(GC.GetTotalMemory(true) <= managed + 256 * 1024, "neither does what the garbage collector has");
        }
    }

    /// A context that is given up while it loads, and a picture that is given up while it grows.
    static void Cycle(Place place, Context shared, int nth)
    {
        var context = Context.Create(place.Model);
        var prompt = shared.CreatePrompt(Apple.Text);
        var generation = prompt.CreateGeneration(new GenerationOptions { PreviewEvery = 1 });
        generation.Start();
        if (nth % 4 == 0) Check.Soon("it begins", () => generation.Poll().Evaluation > 0);
        generation.Cancel();
        var objects = new IDisposable[] { context, prompt, generation };
        for (int i = 0; i < 3; i++) objects[(nth + i) % 3].Dispose();
    }

    static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Thread.Sleep(500); // contexts end on threads of their own
    }
}
