using System;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Scumble;

/// Objects that nobody disposes of: the garbage collector gives them back, and never one that is in use.
static class Finalizers
{
    public static void Run(Place place)
    {
        Dropped(place);
        using (var context = Apple.Loaded(place))
        {
            byte[] expected = Apple.Paint(context);
            InUse(context, expected);
            Racing(place, context);
            Check.Same(expected, Apple.Paint(context));
        }
    }

    static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// Contexts with running generations that are dropped end, and their threads with them.
    static void Dropped(Place place)
    {
        Check.Equal(0, Held.Workers);
        var dropping = new Thread(() =>
        {
            for (int i = 0; i < 4; i++) Drop(place);
            Check.That(Held.Workers > 0, "contexts are at work that nobody has");
        });
        dropping.Start();
        dropping.Join(); // its stack, which may still name them, is gone
        Check.Soon("threads end", () =>
        {
            Collect();
            return Held.Workers == 0;
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Drop(Place place)
    {
        var context = Apple.Loaded(place);
        var prompt = context.CreatePrompt(Apple.Text);
        prompt.CreateGeneration(Apple.Endless).Start();
        var running = prompt.CreateGeneration(Apple.Endless);
        running.Start();
    }

    /// What is awaited or waited for is in use, also when nobody else has it.
    static void InUse(Context context, byte[] expected)
    {
        var tasks = new Task<byte[]>[10];
        for (int i = 0; i < tasks.Length; i++) tasks[i] = i % 2 == 0 ? Await(context) : Task.Run(() => Wait(context));
        var all = Task.WhenAll(tasks);
        int collections = 0;
        for (; !all.IsCompleted; collections++) Collect();
        Check.That(collections > 3, "there were collections meanwhile");
        foreach (byte[] found in all.GetAwaiter().GetResult()) Check.Same(expected, found);
    }

    static async Task<byte[]> Await(Context context)
    {
        var generation = context.CreatePrompt(Apple.Text).CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 });
        await generation.RunAsync();
        return generation.ReadImage();
    }

    static byte[] Wait(Context context)
    {
        var generation = context.CreatePrompt(Apple.Text).CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 });
        generation.Start();
        generation.Wait();
        return generation.ReadImage();
    }

    /// Several threads make, start and drop, while another collects without end.
    static void Racing(Place place, Context context)
    {
        bool stop = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref stop)) Collect();
        });
        collector.Start();
        Parallel.For(0, 150, new ParallelOptions { MaxDegreeOfParallelism = 4 }, nth =>
        {
            var prompt = context.CreatePrompt(Apple.Text);
            var generation = prompt.CreateGeneration(Apple.Endless);
            generation.Start();
            if (nth % 3 == 0) generation.Dispose();
            if (nth % 3 == 1) generation.Poll();
            if (nth % 25 == 0) Context.Create(place.Model);
        });
        Volatile.Write(ref stop, true);
        collector.Join();
    }
}
