using System;
using System.Threading;
using Fake;
using Scumble;
using UnityEngine;
using Object = UnityEngine.Object;

/// A picture that nobody wants any more.
static class Cancelling
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var context = Apple.Context();

        // Before the model is loaded, and before it is asked for.
        var source = new CancellationTokenSource();
        var early = context.PaintAsync(Apple.Text, Apple.Endless, null, null, source.Token);
        source.Cancel();
        Check.Cancelled(early);
        Check.Cancelled(context.PaintAsync(Apple.Text, Apple.Endless, null, null, source.Token));
        Frames.Until(() => context.State == ScumbleState.Ready);
        Check.Cancelled(context.PaintAsync(Apple.Text, Apple.Endless, null, null, source.Token));

        // While it grows: the next frame ends it.
        source = new CancellationTokenSource();
        var observer = new Observer();
        var growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer, source.Token);
        Frames.Until(() => observer.Painting != null && observer.Painting.Texture != null);
        Check.Equal(1, PlayerLoop.Textures);
        source.Cancel();
        Frames.Next();
        Check.That(growing.IsCanceled, "it ends with the next frame");
        var reports = observer.Reports;
        Check.That(observer.Painting.Texture == null, "its texture is destroyed");
        for (var i = 0; i < 10; i++) Frames.Next();
        Check.Equal(reports, observer.Reports);
        var error = Check.Throws<OperationCanceledException>(() => growing.GetAwaiter().GetResult());
        Check.Equal(source.Token, error.CancellationToken);

        // What is given stays, with what was there of the picture.
        source = new CancellationTokenSource();
        observer = new Observer();
        var canvas = new Texture2D(64, 64, TextureFormat.RGBA32, false);
        growing = context.PaintAsync(Apple.Text, Apple.Endless, canvas, observer, source.Token);
        Frames.Until(() => observer.Painting != null && observer.Painting.Texture != null);
        source.Cancel();
        Check.Cancelled(growing);
        Check.That(canvas != null, "what was given stays");
        Check.That(Array.Exists(PlayerLoop.Shown(canvas), value => value != 0), "with the preview");
        Object.Destroy(canvas);

        // A report that cancels and begins others.
        source = new CancellationTokenSource();
        observer = new Observer(painting => source.Cancel());
        growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer, source.Token);
        Check.Cancelled(growing);
        Check.Equal(1, observer.Reports);
        observer = new Observer(painting => context.Unload());
        growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
        Check.Cancelled(growing);
        Check.Equal(ScumbleState.Unloaded, context.State);
        Check.Equal(1, observer.Reports);

        // A report that fails does no harm to the picture, and is told of.
        observer = new Observer(painting => { throw new Exception("out of paper"); });
        var done = context.PaintAsync(Apple.Text, Apple.Options, null, observer);
        Frames.Until(() => done.IsCompleted);
        Apple.Compare(place, done.Result);
        Object.Destroy(done.Result);
        Check.That(PlayerLoop.Logged.Count == observer.Reports && PlayerLoop.Logged.TrueForAll(text => text == "out of paper"), "it is logged");
        PlayerLoop.Logged.Clear();
        EditorLoop.Stop();
        Check.Clean();
    }
}
