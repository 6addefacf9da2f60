using System;
using Fake;
using Scumble;
using UnityEngine;
using Object = UnityEngine.Object;

/// Textures that a picture is painted into and from.
static class Textures
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var context = Apple.Loaded();
        var canvas = new Texture2D(64, 64, TextureFormat.RGBA32, false);
        var painted = context.PaintAsync(Apple.Text, Apple.Options, canvas);
        Frames.Until(() => painted.IsCompleted);
        Check.That(painted.Result == canvas, "it is painted into what was given");
        Apple.Compare(place, canvas);

        // A kept prompt; the picture as one to start from, which is not departed from.
        using (var prompt = context.Context.CreatePrompt(Apple.Text))
        {
            var options = new GenerationOptions { Picture = canvas.ToPicture(), Steps = 20, Strength = 0.1f, Seed = 14 };
            var started = context.PaintAsync(prompt, options);
            Frames.Until(() => started.IsCompleted);
            byte[] before = PlayerLoop.Shown(canvas), after = PlayerLoop.Shown(started.Result);
            double near = 0, flipped = 0;
            for (var i = 0; i < before.Length; i++)
            {
                near += Math.Abs(before[i] - after[i]);
                flipped += Math.Abs(before[i / 256 * 256 + i % 256] - after[(63 - i / 256) * 256 + i % 256]);
            }
            Check.That(near < flipped / 2, "it is like that one (" + near + "), which is not upside down (" + flipped + ")");
            Object.Destroy(started.Result);

            var again = context.PaintAsync(prompt, Apple.Options, canvas);
            Frames.Until(() => again.IsCompleted);
            Apple.Compare(place, again.Result);
        }

        // How a texture goes on at its edges.
        var tiled = Apple.Context();
        tiled.Seamless = Seamless.X;
        var tile = tiled.PaintAsync(Apple.Text, new GenerationOptions { Steps = 1 });
        Frames.Until(() => tile.IsCompleted);
        Check.Equal(TextureWrapMode.Repeat, tile.Result.wrapModeU);
        Check.Equal(TextureWrapMode.Clamp, tile.Result.wrapModeV);
        Object.Destroy(tile.Result);
        Object.Destroy(canvas);
        Frames.Next();
        EditorLoop.Stop();
        Check.Clean();
    }
}
