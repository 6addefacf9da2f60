using Fake;
using Scumble;
using UnityEngine;

/// Play, stop, play again in one domain, as the editor does with domain reload turned off; and the end of a game.
static class Playing
{
    public static void Run(Place place)
    {
        EditorLoop.Begin("Scumble.Editor");
        for (var round = 0; round < 3; round++)
        {
            EditorLoop.Play(typeof(ScumbleContext).Assembly);
            var context = Apple.Context();
            var picture = context.PaintAsync(Apple.Text, Apple.Options);
            Frames.Until(() => picture.IsCompleted);
            Apple.Compare(place, picture.Result);
            Object.Destroy(picture.Result);
            var observer = new Observer();
            var growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
            Frames.Until(() => observer.Painting != null && observer.Painting.Texture != null);
            var own = Context.Create(place.Models + "/emblem");
            Check.That(Held.Workers > 0, "the library works");
            EditorLoop.Stop();
            Check.Cancelled(growing);
            Check.IsForgotten(own);
            Frames.Until(() => Held.Workers == 0); // what has ended is listed a moment longer
            Check.Clean();
        }

        // A player has no editor that tells it: quitting alone ends all.
        PlayerLoop.Play(typeof(ScumbleContext).Assembly);
        var last = Apple.Context().PaintAsync(Apple.Text, Apple.Endless);
        Frames.Next();
        var loading = Context.Create(place.Models + "/emblem");
        PlayerLoop.Stop();
        Check.Cancelled(last);
        Check.IsForgotten(loading);
        Frames.Until(() => Held.Workers == 0);
        EditorLoop.Quit();
        Check.Clean();
    }
}
