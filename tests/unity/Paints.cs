using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Fake;
using Scumble;
using UnityEngine;

/// A picture comes into a texture, and the game goes on meanwhile.
static class Paints
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var game = Game(place);
        Frames.Until(() => game.IsCompleted);
        game.GetAwaiter().GetResult();
        EditorLoop.Stop();
        Check.Clean();
    }

    static async Task Game(Place place)
    {
        var thread = Thread.CurrentThread;
        var context = Apple.Context();
        var applied = new List<Texture2D>();
        var fractions = new List<float>();
        PlayerLoop.OnApply = applied.Add;

        // Asked for before the model is there.
        Check.Equal(ScumbleState.Unloaded, context.State);
        var observer = new Observer(painting => fractions.Add(painting.Fraction));
        var options = Apple.Options;
        options.PreviewEvery = 1;
        var begun = Frames.Count;
        var pending = context.PaintAsync(Apple.Text, options, null, observer);
        Check.Equal(ScumbleState.Loading, context.State);
        Check.Equal(1, context.PaintingCount);
        var picture = await pending;

        Check.That(Thread.CurrentThread == thread, "it goes on on the main thread");
        Check.Equal(0, context.PaintingCount); // and not within the component's own turn
        Check.That(Frames.Count > begun + 5, "frames went by: " + (Frames.Count - begun));
        Check.Equal(ScumbleState.Ready, context.State);
        Apple.Compare(place, picture);

        // Previews came into the same texture.
        Check.That(applied.Count > 1 && applied.TrueForAll(texture => texture == picture), applied.Count + " uploads, of one texture");
        Check.That(observer.Painting.Texture == picture, "the reports had it");
        Check.Equal(14UL, observer.Painting.Info.Seed);
        Check.Equal(Phase.Done, observer.Painting.Progress.Phase);
        Check.That(fractions.Count > 2 && fractions[fractions.Count - 1] == 1, "it is done at the end");
        for (var i = 1; i < fractions.Count; i++) Check.That(fractions[i] >= fractions[i - 1], "it goes forward");

        // Again, at once, without previews, and paused meanwhile.
        applied.Clear();
        Painting second = null;
        var paused = false;
        observer = new Observer(painting =>
        {
            second = painting;
            if (!paused) painting.Pause();
            paused = true;
        });
        var other = context.PaintAsync(new PromptOptions(Apple.Text, ""), Apple.Options, null, observer);
        Frames.Until(() => paused && second.Progress.IsPaused);
        for (var i = 0; i < 20; i++) Frames.Next();
        Check.That(!other.IsCompleted, "it rests");
        second.Resume();
        Apple.Compare(place, await other);
        Check.Equal(1, applied.Count);
        Object.Destroy(picture);
        Object.Destroy(other.Result);
    }
}
