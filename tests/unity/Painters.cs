using System.Collections.Generic;
using Fake;
using Scumble;
using UnityEngine;
using UnityEngine.Events;

/// The component that is wired in the editor.
static class Painters
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var quad = GameObject.CreatePrimitive(PrimitiveType.Quad).GetComponent<Renderer>();
        var original = new Texture2D(1, 1, TextureFormat.RGBA32, false);
        quad.material.mainTexture = original;
        var painter = new GameObject("Canvas").AddComponent<ScumblePainter>();
        var fractions = new List<float>();
        var shown = new List<Texture>();
        var painted = new List<Texture2D>();
        var failed = new List<string>();
        painter.Progressed.AddListener(fractions.Add);
        painter.Shown.AddListener(shown.Add);
        painter.Painted.AddListener(painted.Add);
        painter.Failed.AddListener(failed.Add);

        painter.Paint(Apple.Text);
        Check.Equal(1, failed.Count);
        Check.Has(failed[0], "Canvas", "has no ScumbleContext");
        PlayerLoop.Logged.Clear();

        // It loads what it paints with; the material keeps what it shows until there is something of the picture.
        painter.Context = Apple.Context();
        painter.Target = quad;
        painter.Steps = 4;
        painter.Seed = 14;
        painter.Paint(Apple.Text);
        Check.That(painter.IsPainting && quad.material.mainTexture == original, "it has begun");
        Frames.Until(() => shown.Count == 1);
        Check.That(painted.Count == 0 && quad.material.mainTexture == shown[0], "a preview is shown");
        Frames.Until(() => painted.Count == 1);
        Check.That(!painter.IsPainting && painted[0] == shown[0] && quad.material.mainTexture == painted[0], "then the picture");
        Apple.Compare(place, painted[0]);
        Check.That(fractions.Count > 2 && fractions[fractions.Count - 1] == 1, "progress was told");

        // The next one takes the place of the one that is painted, and the texture of the last.
        painter.Steps = 900;
        painter.Paint("a green leaf");
        Frames.Until(() => painter.Context.PaintingCount == 1);
        for (var i = 0; i < 10; i++) Frames.Next();
        painter.Steps = 4;
        painter.Paint(Apple.Text);
        Frames.Until(() => painted.Count == 2);
        Check.That(painted[1] == painted[0] && shown.Count == 1, "it is one texture");
        Apple.Compare(place, painted[1]);
        Check.Equal(0, painter.Context.PaintingCount);

        // Cancelled at the last moment: nobody is told that it is painted.
        UnityAction<float> cancel = fraction =>
        {
            if (fraction == 1) painter.Cancel();
        };
        painter.Progressed.AddListener(cancel);
        painter.Paint(Apple.Text);
        Frames.Until(() => !painter.IsPainting);
        Frames.Next();
        painter.Progressed.RemoveListener(cancel);
        Check.Equal(2, painted.Count);

        // Another size, another texture.
        painter.Width = 128;
        painter.Height = 64;
        painter.Paint(Apple.Text);
        Frames.Until(() => painted.Count == 3);
        Check.Equal(128, painted[2].width);
        Check.That(painted[0] == null && quad.material.mainTexture == painted[2], "the old one is destroyed");

        // What fails is told and logged, and the picture stays.
        painter.Width = 99;
        painter.Paint(Apple.Text);
        Frames.Until(() => failed.Count == 2);
        Check.Has(failed[1], "width", "99");
        Check.Equal(1, PlayerLoop.Logged.Count);
        Check.Equal(failed[1], PlayerLoop.Logged[0]);
        PlayerLoop.Logged.Clear();

        // Cancelled by hand, and by going.
        painter.Width = painter.Height = 0;
        painter.Steps = 900;
        painter.Paint(Apple.Text);
        Frames.Until(() => quad.material.mainTexture != original && painter.Context.PaintingCount == 1);
        painter.Cancel();
        Check.That(!painter.IsPainting, "it is cancelled");
        Frames.Next();
        Check.Equal(0, painter.Context.PaintingCount);
        painter.Paint(Apple.Text);
        Frames.Until(() => painter.Context.PaintingCount == 1);
        Object.Destroy(painter.gameObject);
        Frames.Next();
        Check.That(quad.material.mainTexture == original, "the material is as it was");
        Frames.Next();
        Check.Equal(3, painted.Count);
        Object.Destroy(original);
        EditorLoop.Stop();
        Check.Clean();
    }
}
