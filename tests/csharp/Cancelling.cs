using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Scumble;

/// A token at every moment, and the other ways to end what is awaited.
static class Cancelling
{
    public static void Run(Place place)
    {
        RunAsync(place).GetAwaiter().GetResult();
    }

    static async Task RunAsync(Place place)
    {
        await WhileLoading(place);
        using (var context = Apple.Loaded(place))
        {
            byte[] expected = Apple.Paint(context);
            await BeforeTheStart(context);
            await WhileEncoding(context);
            using (var prompt = context.CreatePrompt(Apple.Text))
            {
                await WhileItsPromptIsEncoded(context);
                await AtEvaluations(prompt);
                await AtAnyMoment(prompt, expected);
                await ByOtherWays(prompt);
                WhileAThreadWaits(prompt);
            }
            Check.Same(expected, Apple.Paint(context));
        }
    }

    static async Task WhileLoading(Place place)
    {
        using (var source = new CancellationTokenSource())
        {
            source.Cancel();
            await Cancelled(Context.LoadAsync(place.Model, source.Token), source.Token);
        }
        using (var source = new CancellationTokenSource())
        {
            var loading = Context.LoadAsync(place.Model, source.Token);
            source.Cancel();
            await Cancelled(loading, source.Token);
        }
        for (int milliseconds = 0; milliseconds < 40; milliseconds = 2 * milliseconds + 1)
        {
            using (var source = new CancellationTokenSource(milliseconds))
            {
                var loading = Context.LoadAsync(place.Model, source.Token);
                await Task.WhenAny(loading);
                if (loading.IsCanceled) await Cancelled(loading, source.Token);
                else loading.Result.Dispose(); // a fast machine
            }
        }
        // To wait less long is not to load less.
        using (var context = Context.Create(place.Model))
        using (var source = new CancellationTokenSource())
        {
            var waiting = context.WaitAsync(source.Token);
            source.Cancel();
            await Cancelled(waiting, source.Token);
            await context.WaitAsync();
        }
    }

    static async Task BeforeTheStart(Context context)
    {
        using (var source = new CancellationTokenSource())
        using (var prompt = context.CreatePrompt(Apple.Text))
        using (var generation = prompt.CreateGeneration(Apple.Endless))
        {
            source.Cancel();
            int reports = 0;
            await Cancelled(generation.RunAsync(new Reporter(now => reports++), source.Token), source.Token);
            Check.That(reports == 1 && generation.Poll().Phase == Phase.Cancelled, "the end was told, and nothing else");
            Check.Equal(0, generation.Poll().Evaluation);
            await Cancelled(context.EncodeAsync("a cat", null, source.Token), source.Token);
        }
    }

    /// A text that is read in 64 chunks keeps the encoder at work for a while.
    static PromptOptions Long()
    {
        return new PromptOptions(string.Join(" ", Enumerable.Repeat("apple", 64 * 22))) { Syntax = PromptSyntax.Weighted };
    }

    static async Task WhileEncoding(Context context)
    {
        using (var source = new CancellationTokenSource())
        {
            var encoding = context.EncodeAsync(Long(), source.Token);
            Check.That(!encoding.IsCompleted, "it takes its time");
            source.Cancel();
            await Cancelled(encoding, source.Token);
        }
    }

    static async Task WhileItsPromptIsEncoded(Context context)
    {
        using (var source = new CancellationTokenSource())
        using (var prompt = context.CreatePrompt(Long()))
        using (var generation = prompt.CreateGeneration(Apple.Endless))
        {
            var running = generation.RunAsync(null, source.Token);
            Check.Equal(Phase.Waiting, generation.Poll().Phase);
            source.Cancel();
            await Cancelled(running, source.Token);
        }
    }

    static async Task AtEvaluations(Prompt prompt)
    {
        foreach (int evaluation in new[] { 1, 2, 5 })
        {
            var options = new GenerationOptions { Steps = 900, PreviewEvery = 1 };
            using (var source = new CancellationTokenSource())
            using (var generation = prompt.CreateGeneration(options))
            {
                var last = Phase.Created;
                var running = generation.RunAsync(new Reporter(now =>
                {
                    if (now.Evaluation >= evaluation) source.Cancel();
                    last = now.Phase;
                }), source.Token);
                await Cancelled(running, source.Token);
                Check.Equal(Phase.Cancelled, last);
                Check.That(generation.TryReadPreview(new byte[64 * 64 * 4]), "the preview that is there can still be read");
                Check.Throws<OperationCanceledException>(() => generation.ReadImage());
            }
        }
    }

    static async Task AtAnyMoment(Prompt prompt, byte[] expected)
    {
        var random = new Random(7);
        int whole = await Milliseconds(prompt), done = 0;
        for (int i = 0; i < 60; i++)
        {
            using (var source = new CancellationTokenSource())
            using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
            {
                source.CancelAfter(random.Next(whole * 5 / 4));
                try
                {
                    await generation.RunAsync(null, source.Token);
                    Check.Same(expected, generation.ReadImage());
                    done++;
                }
                catch (OperationCanceledException error)
                {
                    Check.Equal(source.Token, error.CancellationToken);
                    Check.Equal(Phase.Cancelled, generation.Poll().Phase);
                }
            }
        }
        Check.That(done < 60, "some were cancelled");
        Console.WriteLine(done + " of 60 were done before they were cancelled");
    }

    /// How long a picture takes.
    static async Task<int> Milliseconds(Prompt prompt)
    {
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
        {
            await generation.RunAsync();
            return (int)generation.Poll().Spent.TotalMilliseconds;
        }
    }

    /// Cancel, Dispose, and Dispose of what is only waited for.
    static async Task ByOtherWays(Prompt prompt)
    {
        using (var generation = prompt.CreateGeneration(Apple.Endless))
        {
            var running = generation.RunAsync();
            generation.Cancel();
            generation.Cancel();
            await Cancelled(running, CancellationToken.None);
            Check.Has(Check.Throws<OperationCanceledException>(generation.ThrowIfFailed).Message, "cancelled");
        }
        using (var generation = prompt.CreateGeneration(Apple.Endless))
        {
            var running = generation.RunAsync();
            generation.Dispose();
            generation.Dispose();
            await Cancelled(running, CancellationToken.None);
            Check.Throws<ObjectDisposedException>(() => generation.Poll());
            Check.Throws<ObjectDisposedException>(generation.Wait);
            Check.Throws<ObjectDisposedException>(generation.Cancel);
            Check.Equal(64, generation.Info.Width);
        }
    }

    /// Whoever blocks is let go when another thread gives the object back.
    static void WhileAThreadWaits(Prompt prompt)
    {
        var generation = prompt.CreateGeneration(Apple.Endless);
        generation.Start();
        var waiting = Task.Run(() => Check.Throws<OperationCanceledException>(generation.Wait));
        Check.Soon("it begins", () => generation.Poll().Evaluation > 0);
        var clock = Stopwatch.StartNew();
        generation.Dispose();
        waiting.GetAwaiter().GetResult();
        Check.That(clock.Elapsed < TimeSpan.FromSeconds(5), "it did not wait for 900 steps");
    }

    static async Task Cancelled(Task task, CancellationToken token)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException error)
        {
            Check.That(task.IsCanceled, "the task is cancelled, not faulted");
            Check.Equal(token, error.CancellationToken);
            return;
        }
        throw new Exception("it was not cancelled");
    }
}
