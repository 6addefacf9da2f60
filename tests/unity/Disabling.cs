using System;
using Fake;
using Scumble;
using UnityEngine;
using Object = UnityEngine.Object;

/// A component that goes while it works.
static class Disabling
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);

        // It loads by itself, but not before its properties can be set.
        var context = Apple.Context();
        Check.Equal(ScumbleState.Unloaded, context.State);
        Frames.Next();
        Check.Equal(ScumbleState.Loading, context.State);
        context.enabled = false;
        Check.Equal(ScumbleState.Unloaded, context.State);
        Frames.Next();
        Check.Equal(ScumbleState.Unloaded, context.State);
        context.enabled = true;
        Frames.Until(() => context.State == ScumbleState.Ready);

        // A disabled one is never looked at, so it does not begin.
        context.gameObject.SetActive(false);
        Check.Has(Check.Throws<InvalidOperationException>(() => context.PaintAsync(Apple.Text)).Message, "Painter", "disabled");
        Check.Has(Check.Throws<InvalidOperationException>(() => context.LoadAsync()).Message, "Painter", "disabled");
        context.gameObject.SetActive(true);

        // Or only when it is asked to.
        context.LoadOnEnable = false;
        context.enabled = false;
        context.enabled = true;
        for (var i = 0; i < 5; i++) Frames.Next();
        Check.Equal(ScumbleState.Unloaded, context.State);

        // While it loads, and while it paints.
        var loading = context.LoadAsync();
        var waiting = context.PaintAsync(Apple.Text, Apple.Endless);
        context.enabled = false;
        Check.Cancelled(loading);
        Check.Cancelled(waiting);
        context.enabled = true;
        var observer = new Observer();
        var growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
        Frames.Until(() => observer.Painting != null && observer.Painting.Texture != null);
        context.gameObject.SetActive(false);
        Check.Cancelled(growing);
        Check.Equal(ScumbleState.Unloaded, context.State);

        // Again, and destroyed.
        context.gameObject.SetActive(true);
        var picture = context.PaintAsync(Apple.Text, Apple.Options);
        Frames.Until(() => picture.IsCompleted);
        Apple.Compare(place, picture.Result);
        Object.Destroy(picture.Result);
        growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
        Frames.Until(() => observer.Painting.Texture != null);
        Object.Destroy(context.gameObject);
        Frames.Next();
        Check.That(context == null, "it is gone");
        Check.Cancelled(growing);
        EditorLoop.Stop();
        Check.Clean();
    }
}
