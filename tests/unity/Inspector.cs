using System.Linq;
using Fake;
using Scumble;
using UnityEngine;

/// The inspector, while the game does not run and while it does.
static class Inspector
{
    public static void Run(Place place)
    {
        EditorLoop.Begin("Scumble.Editor");
        var context = Apple.Context();
        Paint(context);
        Check.Equal(ScumbleState.Unloaded, context.State);
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        context = Apple.Context();
        Paint(context);
        Check.Equal(ScumbleState.Ready, context.State);
        EditorLoop.Stop();
        Check.Clean();
    }

    static void Paint(ScumbleContext context)
    {
        var editor = EditorLoop.Select(context);
        Check.That(Draw(editor).Contains("State: " + context.State), "it tells the state");
        Gui.Button = "Paint";
        Draw(editor);
        Check.That(editor.RequiresConstantRepaint(), "it shows how the picture grows");
        Frames.Until(() => Draw(editor).Contains("Paint"));
        var texts = Draw(editor);
        foreach (var text in new[] { "State: Ready", "Loaded model: emblem, sd1, 64 x 64", "Pictures in progress: 0" })
            Check.That(texts.Contains(text), text + " is among " + string.Join("; ", texts));
        Check.That(texts.Any(text => text.StartsWith("Device: cpu, ")), "it tells the device");
        Check.Equal(1, PlayerLoop.Textures);

        Gui.Button = "Paint";
        Draw(editor);
        Gui.Button = "Cancel";
        Draw(editor);
        Frames.Until(() => Draw(editor).Contains("Paint"));

        context.Unload();
        context.Model = "no-such-model";
        Gui.Button = "Paint";
        Draw(editor);
        Frames.Until(() => Draw(editor).Any(text => text.Contains("no-such-model")));
        Frames.Until(() => Draw(editor).Contains("Paint"));
        context.Model = "emblem";
        Gui.Button = "Paint";
        var loaded = context.LoadAsync();
        Draw(editor);
        Frames.Until(() => loaded.IsCompleted);
        EditorLoop.Deselect(editor);
        Frames.Next();
        Frames.Next();
        Check.Equal(0, PlayerLoop.Textures);
    }

    static string[] Draw(UnityEditor.Editor editor)
    {
        Gui.Texts.Clear();
        editor.OnInspectorGUI();
        return Gui.Texts.ToArray();
    }
}
