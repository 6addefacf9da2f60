using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Scumble;

/// Loading, encoding and painting with await.
static class Async
{
    public static void Run(Place place)
    {
        RunAsync(place).GetAwaiter().GetResult();
    }

    static async Task RunAsync(Place place)
    {
        using (var context = await Context.LoadAsync(new ContextOptions(place.Model) { Threads = 1 }))
        using (var prompt = await context.EncodeAsync(Apple.Text))
        {
            Check.That(context.Poll() && prompt.Poll(), "both are there");
            await context.WaitAsync();
            await prompt.WaitAsync();
            await Progress(context, prompt);
            await Many(context, prompt);
            await Blocked(context);
        }
        // Straight from a context that is still loading.
        using (var context = Context.Create(place.Model))
        using (var prompt = await context.EncodeAsync(new PromptOptions("a cat", "a dog")))
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 1 }))
        {
            context.Dispose(); // the generation keeps what it needs
            await generation.RunAsync();
        }
    }

    /// Reports come as things happen, and previews can be read in them.
    static async Task Progress(Context context, Prompt prompt)
    {
        var options = new GenerationOptions { Steps = 4, Seed = 7, PreviewEvery = 1 };
        var reports = new List<GenerationProgress>();
        var previews = new List<byte[]>();
        using (var generation = prompt.CreateGeneration(options))
        {
            await generation.RunAsync(new Reporter(now =>
            {
                reports.Add(now);
                var preview = new byte[64 * 64 * 4];
                if (generation.TryReadPreview(preview)) previews.Add(preview);
            }));
            Check.Same(Apple.Paint(context), generation.ReadImage());
            await Refuses(Status.WrongState, generation.RunAsync());
        }
        Check.Equal(Phase.Done, reports.Last().Phase);
        for (int i = 1; i < reports.Count; i++)
        {
            Check.That(reports[i].Phase >= reports[i - 1].Phase && reports[i].Evaluation >= reports[i - 1].Evaluation,
                "progress goes on");
        }
        Check.That(reports.Count <= 20, reports.Count + " reports of what four steps change are few");
        Check.Equal(4, reports.Last().Previews);
        Check.That(!previews.First().SequenceEqual(previews.Last()), "previews change");
    }

    /// Fifty pictures in progress take no thread of ours.
    static async Task Many(Context context, Prompt prompt)
    {
        var generations = Enumerable.Range(0, 50)
            .Select(seed => prompt.CreateGeneration(new GenerationOptions { Steps = 1, Seed = (ulong)seed })).ToArray();
        var running = Task.WhenAll(generations.Select(generation => generation.RunAsync()));
        Check.That(generations.Count(generation => generation.Poll().IsFinished) < 25, "most of them wait");
        Check.That(Held.Threads < 25, "no thread waits with them");
        await running;
        foreach (var generation in generations)
        {
            Check.Equal(Phase.Done, generation.Poll().Phase);
            generation.Dispose();
        }
    }

    /// A generation that has failed or cannot be awaited says so through its task.
    static async Task Blocked(Context context)
    {
        using (var prompt = context.CreatePrompt(new PromptOptions("") { ByHand = true }))
        using (var generation = prompt.CreateGeneration()) await Refuses(Status.WrongState, generation.RunAsync());
        await Refuses(Status.InvalidArgument, context.EncodeAsync((string)null));
        await Refuses(Status.ModelNotFound, Context.LoadAsync("/there/is/no/such/model"));
    }

    static async Task Refuses(Status status, Task task)
    {
        try
        {
            await task;
        }
        catch (ScumbleException error)
        {
            Check.Equal(status, error.Status);
            Check.That(error.Message != "", "it says why");
            return;
        }
        throw new Exception("nothing was refused");
    }
}

/// Reports at once, on the thread that polls.
sealed class Reporter : IProgress<GenerationProgress>
{
    readonly Action<GenerationProgress> report;

    public Reporter(Action<GenerationProgress> report)
    {
        this.report = report;
    }

    public void Report(GenerationProgress value)
    {
        report(value);
    }
}
