using System.Reflection;
using Fake;
using Scumble;
using UnityEngine;

/// The sample, as it stands.
static class Sample
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        PlayerLoop.Camera = new GameObject("Main Camera").AddComponent<Camera>();
        var sample = new GameObject("Sample").AddComponent<Paint>();
        Frames.Next();
        var painter = sample.GetComponent<ScumblePainter>();
        painter.Steps = 4;
        painter.Seed = 14;
        Texture2D painted = null;
        painter.Painted.AddListener(picture => painted = picture);
        Type(sample, "a green leaf");
        Frames.Until(() => painter.IsPainting);
        Type(sample, Apple.Text);
        Frames.Until(() => painted != null && !painter.IsPainting);
        Apple.Compare(place, painted);
        Check.That(painter.Target.material.mainTexture == painted, "it is on the quad");
        EditorLoop.Stop();
        Check.Clean();
    }

    static void Type(Paint sample, string text)
    {
        Gui.Typed = text;
        typeof(Paint).GetMethod("OnGUI", BindingFlags.Instance | BindingFlags.NonPublic).Invoke(sample, null);
        Gui.Typed = null;
    }
}
