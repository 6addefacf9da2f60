using Fake;
using Scumble;
using UnityEngine;

/// Play, stop, play again in one domain, as the editor does with domain reload turned off; and the end of a game.
static class Playing
{
    public static void Run(Place place)
    {
        EditorLoop.Begin("Scumble.Editor");
        var threads = 0;
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
            var working = Held.Threads;
            EditorLoop.Stop();
            Check.Cancelled(growing);
            // What has ended is listed a moment longer.
            Frames.Until(() => Held.Threads < working && (round == 0 || Held.Threads <= threads));
            threads = Held.Threads;
            Check.Clean();
        }

        // A player has no editor that tells it: quitting alone ends all.
        PlayerLoop.Play(typeof(ScumbleContext).Assembly);
        var last = Apple.Context().PaintAsync(Apple.Text, Apple.Endless);
        Frames.Next();
        PlayerLoop.Stop();
        Check.Cancelled(last);
        Frames.Until(() => Held.Threads <= threads);
        EditorLoop.Quit();
        Check.Clean();
    }
}
