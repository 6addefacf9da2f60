using System;
using System.Threading;
using Fake;
using Scumble;

/// What a frame costs while a picture grows, with a preview and without: no garbage.
static class Allocations
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var context = Apple.Loaded();
        var observer = new Observer();
        var growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
        Frames.Until(() => observer.Reports > 5);
        for (int quiet = 0, busy = 0; quiet < 500 || busy < 5; Thread.Sleep(1))
        {
            var reports = observer.Reports;
            var before = GC.GetAllocatedBytesForCurrentThread();
            PlayerLoop.Frame();
            Check.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before);
            if (observer.Reports == reports) quiet++;
            else busy++;
        }
        context.Unload();
        Check.Cancelled(growing);
        EditorLoop.Stop();
        Check.Clean();
    }
}
