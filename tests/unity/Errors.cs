using System;
using System.Threading.Tasks;
using Fake;
using Scumble;
using UnityEngine;

/// Scumble's texts reach the game.
static class Errors
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var context = Apple.Loaded();

        var wrong = Apple.Options;
        wrong.Width = 63;
        var error = Check.Failed<ScumbleException>(context.PaintAsync(Apple.Text, wrong));
        Check.Equal(Status.InvalidArgument, error.Status);
        Check.Has(error.Message, "width", "63");
        Check.Has(Check.Failed<ScumbleException>(context.PaintAsync((string)null)).Message, "text");

        var canvas = new Texture2D(32, 64, TextureFormat.RGBA32, false);
        var refused = Check.Failed<ArgumentException>(context.PaintAsync(Apple.Text, Apple.Options, canvas));
        Check.Has(refused.Message, "32 x 64", "64 x 64");
        UnityEngine.Object.DestroyImmediate(canvas);
        refused = Check.Failed<ArgumentException>(context.PaintAsync(Apple.Text, Apple.Options, canvas));
        Check.Has(refused.Message, "null or destroyed");
        wrong = Apple.Endless;
        wrong.PreviewWidth = 16;
        Check.Has(Check.Failed<ArgumentException>(context.PaintAsync(Apple.Text, wrong)).Message, "16 x 64");
        Check.Equal(0, context.PaintingCount);

        // Settings that are in force at once.
        context.Pace = 0.5f;
        context.Priority = Priority.Background;
        Check.Equal(Priority.Background, context.Priority);
        context.Priority = Priority.Normal;
        Check.Has(Check.Throws<ScumbleException>(() => context.Pace = 0).Message, "share");
        Check.Equal(0.5f, context.Pace);
        context.Unload();
        Check.Clean();

        // A model that is not there: whoever asked is told; if nobody did, the console is.
        context.Model = "no-such-model";
        var loading = context.LoadAsync();
        var waiting = context.PaintAsync(Apple.Text);
        Check.Equal(2, Array.FindAll(new Task[] { loading, waiting }, task => Check.Failed<ScumbleException>(task).Status == Status.ModelNotFound).Length);
        Check.Has(loading.Exception.InnerException.Message, place.Models + "/no-such-model");
        Check.Equal(ScumbleState.Failed, context.State);
        Check.That(context.Failure == loading.Exception.InnerException, "the component knows it");
        Check.That(context.Context == null, "there is no model");
        Check.Failed<ScumbleException>(context.PaintAsync(Apple.Text));
        Check.Clean();
        context.enabled = false;
        context.enabled = true;
        Frames.Until(() => context.State == ScumbleState.Failed);
        Frames.Next();
        Check.Equal(1, PlayerLoop.Logged.Count);
        Check.Has(PlayerLoop.Logged[0], "no-such-model");
        PlayerLoop.Logged.Clear();

        context.Model = "";
        Check.Has(Check.Failed<ArgumentException>(context.LoadAsync()).Message, "Model is empty", "StreamingAssets");

        // And one that is.
        context.Model = place.Models + "/emblem";
        var painted = context.PaintAsync(Apple.Text);
        Check.Failed<ArgumentException>(painted);
        var loaded = context.LoadAsync();
        Frames.Until(() => loaded.IsCompleted);
        Check.Equal(ScumbleState.Ready, context.State);
        Check.That(context.Failure == null, "it is forgotten");
        EditorLoop.Stop();
        Check.Clean();
    }
}
