using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Scumble;

/// A game: a thread with frames, on which everything is polled, reported and continued.
static class Frames
{
    public static void Run(Place place)
    {
        var loop = new Loop();
        SynchronizationContext.SetSynchronizationContext(loop);
        var game = Game(place, loop);
        while (!game.IsCompleted)
        {
            loop.NextFrame();
            Thread.Sleep(1);
        }
        SynchronizationContext.SetSynchronizationContext(null);
        game.GetAwaiter().GetResult();
    }

    static async Task Game(Place place, Loop loop)
    {
        int thread = Thread.CurrentThread.ManagedThreadId, reports = 0;
        var polling = new OncePerFrame(loop);
        using (var context = await Context.LoadAsync(new ContextOptions(place.Model) { Threads = 1, Polling = polling }))
        using (var prompt = await context.EncodeAsync(Apple.Text))
        using (var generation = prompt.CreateGeneration(new GenerationOptions { Steps = 4, Seed = 7 }))
        {
            int begun = loop.Frame;
            await generation.RunAsync(new Reporter(now =>
            {
                reports++;
                Check.Equal(thread, Thread.CurrentThread.ManagedThreadId);
            }));
            Check.Equal(thread, Thread.CurrentThread.ManagedThreadId);
            Check.That(loop.Frame > begun && reports > 2, "frames went by");
            Check.Same(Apple.Paint(context), generation.ReadImage());

            // A prompt of this prompt's polls as it does.
            int polled = polling.Count;
            using (var blend = prompt.Blend(prompt, 0.5f))
            using (var blended = blend.CreateGeneration(new GenerationOptions { Steps = 1 })) await blended.RunAsync();
            Check.That(polling.Count > polled, "the context's polling is used");
        }
        Check.That(polling.Count <= loop.Frame, "there was one poll a frame");
    }

    /// What an engine derives: the next poll is due with the next frame.
    sealed class OncePerFrame : Polling
    {
        readonly Loop loop;
        public int Count;

        public OncePerFrame(Loop loop)
        {
            this.loop = loop;
        }

        public override Task NextAsync()
        {
            Count++;
            return loop.NextFrameAsync();
        }
    }

    /// Frames as Unity has them: what is posted in one runs in the next.
    sealed class Loop : SynchronizationContext
    {
        readonly object gate = new object();
        List<Action> posted = new List<Action>();
        List<TaskCompletionSource<bool>> waiting = new List<TaskCompletionSource<bool>>();
        public int Frame;

        public override void Post(SendOrPostCallback callback, object state)
        {
            lock (gate) posted.Add(() => callback(state));
        }

        public Task NextFrameAsync()
        {
            var next = new TaskCompletionSource<bool>();
            lock (gate) waiting.Add(next);
            return next.Task;
        }

        public void NextFrame()
        {
            Frame++;
            List<TaskCompletionSource<bool>> due;
            List<Action> actions;
            lock (gate)
            {
                due = waiting;
                waiting = new List<TaskCompletionSource<bool>>();
            }
            foreach (var next in due) next.SetResult(true);
            lock (gate)
            {
                actions = posted;
                posted = new List<Action>();
            }
            foreach (var action in actions) action();
        }
    }
}
