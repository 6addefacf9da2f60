using System;
using System.Threading;
using System.Threading.Tasks;
using Scumble;

/// The end of everything, and a new beginning.
static class Shutdown
{
    public static void Run(Place place)
    {
        byte[] expected = null;
        for (int round = 0; round < 3; round++)
        {
            var context = Apple.Loaded(place);
            var loading = Context.Create(place.Model);
            byte[] found = Apple.Paint(context);
            if (round > 0) Check.Same(expected, found);
            expected = found;

            var prompt = context.CreatePrompt(Apple.Text);
            var generation = prompt.CreateGeneration(Apple.Endless);
            var running = generation.RunAsync();
            var loaded = loading.WaitAsync();
            Check.Soon("it begins", () => generation.Poll().Evaluation > 0);
            if (round == 0) Check.That(Library.Shutdown(TimeSpan.FromMinutes(1)), "a minute is enough");
            else Library.Shutdown();

            // What was awaited was cancelled, or had ended before.
            Ended(running);
            if (!loaded.IsCompleted || loaded.IsCanceled) Ended(loaded);
            Check.Refused(Status.InvalidHandle, "generation", () => generation.Poll());
            Check.Refused(Status.InvalidHandle, "prompt", () => prompt.CreateGeneration());
            Check.Refused(Status.InvalidHandle, "context", () => context.CreatePrompt("too late"));
            generation.Dispose();
            context.Dispose();
            // The others are left to the garbage collector, which finds them beside the next ones.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Check.That(Library.Shutdown(TimeSpan.Zero), "there is nothing to end");
    }

    static void Ended(Task task)
    {
        Check.Throws<OperationCanceledException>(() => task.GetAwaiter().GetResult());
    }

    /// The program ends in the middle of everything.
    public static void EndWithWorkGoingOn(Place place)
    {
        var prompt = Apple.Loaded(place).CreatePrompt(Apple.Text);
        var generation = prompt.CreateGeneration(Apple.Endless);
        var running = generation.RunAsync();
        Check.Soon("it begins", () => generation.Poll().Evaluation > 0);
        Check.That(!running.IsCompleted, "it goes on");
    }
}
