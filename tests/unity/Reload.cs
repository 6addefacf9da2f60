using System;
using Fake;
using Scumble;

/// A real domain reload, as Unity does it: the domain in which the game's code runs is unloaded, and another begins.
static class Reload
{
    public static void Run(Place place)
    {
        for (var round = 0; round < 3; round++)
        {
            var domain = AppDomain.CreateDomain("scripts " + round);
            domain.SetData("place", place);
            domain.DoCallBack(Scripts);
            AppDomain.Unload(domain);
        }
    }

    static void Scripts()
    {
        var place = (Place)AppDomain.CurrentDomain.GetData("place");
        place.Begin();
        EditorLoop.Begin("Scumble.Editor");
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var context = Apple.Context();
        var picture = context.PaintAsync(Apple.Text, Apple.Options);
        Frames.Until(() => picture.IsCompleted);
        Apple.Compare(place, picture.Result);

        // With a picture in progress, and a model that is being loaded.
        var observer = new Observer();
        var growing = context.PaintAsync(Apple.Text, Apple.Endless, null, observer);
        Frames.Until(() => observer.Reports > 0);
        var loading = Apple.Context().LoadAsync();
        var own = Context.Create(place.Models + "/emblem");
        Check.That(Held.Workers > 0, "the library works");
        EditorLoop.BeforeAssemblyReload();
        Check.IsForgotten(own);
        Check.That(growing.IsCanceled && loading.IsCanceled, "all has ended before the code goes");
        Check.Equal(ScumbleState.Unloaded, context.State);
        Frames.Until(() => Held.Workers == 0); // what has ended is listed a moment longer
        Check.That(PlayerLoop.Logged.Count == 0, "nothing was logged: " + string.Join("\n", PlayerLoop.Logged));
    }
}
