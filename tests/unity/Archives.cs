using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Fake;
using Scumble;
using UnityEditor;
using UnityEngine;
using Object = UnityEngine.Object;

/// StreamingAssets in the archive of an application for Android.
static class Archives
{
    const string Assets = "jar:file:///data/app/com.game/base.apk!/assets";

    public static void Run(Place place)
    {
        // What the project has in StreamingAssets: the model, one that has nearly its name, and what is not built.
        var project = place.Folder + "/StreamingAssets";
        Copy(place.Models + "/emblem", project + "/models/emblem");
        foreach (var file in new[] { "models/emblem-notes.txt", "models/emblem/unet/model.onnx.meta", "models/.hidden/file", "models/old~/file" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(project + "/" + file));
            File.WriteAllText(project + "/" + file, "nothing");
        }
        Fake.PlayerLoop.Begin(project, place.Folder);

        // A build for Android adds the list, and nothing else does.
        EditorLoop.Begin("Scumble.Editor");
        Check.Equal(0, EditorLoop.Build(BuildTarget.StandaloneLinux64).Count);
        var added = EditorLoop.Build(BuildTarget.Android);
        Check.Equal("scumble-files.txt", added.Single().Key);
        var lines = File.ReadAllLines(added.Single().Value);
        Check.Equal(Directory.GetFiles(place.Models + "/emblem", "*", SearchOption.AllDirectories).Length + 1, lines.Length);
        Check.That(lines.Contains("7 1785cfc3bc6ac7738e8b38cdccd1af12563c2b9070e07af336a1bf8c0f772b6a models/emblem-notes.txt"), "size, sum and path");
        foreach (var line in lines) Check.Equal(3, line.Split(' ').Length);

        // The built application.
        var apk = place.Folder + "/apk";
        Copy(project, apk);
        File.Copy(added.Single().Value, apk + "/scumble-files.txt");
        Archive.Address = Assets;
        Archive.Folder = apk;
        Archive.BytesPerFrame = 3000000;
        Fake.PlayerLoop.Begin(Assets, place.Folder + "/persistent");
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        var copy = place.Folder + "/persistent/scumble/models/emblem";

        // It is copied a bit each frame, and told of.
        var context = Apple.Context();
        context.Model = "models\\emblem/";
        var progress = new List<float>();
        var picture = context.PaintAsync(Apple.Text, Apple.Options);
        Frames.Until(() =>
        {
            if (context.State == ScumbleState.Copying) progress.Add(context.CopyProgress);
            return picture.IsCompleted;
        });
        Apple.Compare(place, picture.Result);
        Object.Destroy(picture.Result);
        Check.Equal(1f, context.CopyProgress);
        Check.That(progress.Distinct().Count() > 5, "it went on bit by bit: " + progress.Distinct().Count());
        Check.That(progress.SequenceEqual(progress.OrderBy(done => done)) && progress.Last() <= 1, "and forward");
        Check.That(Same(place.Models + "/emblem", copy), "what is copied is the model");

        // Once.
        Check.Equal("scumble-files.txt", Restart(context));

        // Another version of the game has another model: what is not in it any more is gone.
        File.WriteAllText(apk + "/models/emblem/note.txt", "a new file");
        File.AppendAllText(apk + "/scumble-files.txt", "10 0123 models/emblem/note.txt\n");
        File.WriteAllText(copy + "/stray.txt", "of an old version");
        Check.That(Restart(context).Split('\n').Length > 10, "it is copied again");
        Check.That(Same(apk + "/models/emblem", copy), "as it is now");

        // Half a copy does not count, also not for the version of before: the component goes meanwhile.
        var list = File.ReadAllText(apk + "/scumble-files.txt");
        File.WriteAllText(apk + "/scumble-files.txt", list.Replace(" 0123 ", " 4567 "));
        context.Unload();
        var loading = context.LoadAsync();
        Frames.Until(() => context.CopyProgress > 0.3f);
        context.enabled = false;
        Check.Cancelled(loading);
        Check.Equal(0, Archive.Open);
        context.enabled = true;
        File.WriteAllText(apk + "/scumble-files.txt", list);
        Check.That(Restart(context).Split('\n').Length > 10, "it is copied again");
        Check.That(Same(apk + "/models/emblem", copy), "all of it");

        // Or a file cannot be read.
        File.WriteAllText(apk + "/scumble-files.txt", list.Replace(" 0123 ", " 89ab "));
        context.Unload();
        Archive.Broken = "vocab.json";
        var error = Check.Failed<IOException>(context.LoadAsync());
        Check.Has(error.Message, "models/emblem/tokenizer/vocab.json", copy, "404");
        Archive.Broken = null;
        Restart(context);
        Check.That(Same(apk + "/models/emblem", copy), "then it is whole");

        // What is not in the build.
        context.Unload();
        context.Model = "models/embl";
        Check.Has(Check.Failed<IOException>(context.LoadAsync()).Message, "\"models/embl\"", "StreamingAssets");
        File.Delete(apk + "/scumble-files.txt");
        Check.Has(Check.Failed<IOException>(context.LoadAsync()).Message, "scumble-files.txt", "Android");

        // A path inside of the archive is none.
        foreach (var inside in new[] { Assets + "/models/emblem", "jar:file:/data/app/base.apk!/assets/models/emblem", "https://host/model" })
        {
            context.Model = inside;
            Check.Has(Check.Failed<ArgumentException>(context.LoadAsync()).Message, inside, "inside an archive", "relative to StreamingAssets");
        }
        EditorLoop.Stop();
        Check.Clean();
    }

    /// Begins to load again; which files of the archive were asked for.
    static string Restart(ScumbleContext context)
    {
        context.Unload();
        Archive.Asked.Clear();
        context.LoadAsync();
        Frames.Until(() => context.State != ScumbleState.Copying);
        Check.Equal(ScumbleState.Loading, context.State);
        return string.Join("\n", Archive.Asked);
    }

    static void Copy(string from, string to)
    {
        foreach (var file in Files(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to + file));
            File.Copy(from + file, to + file);
        }
    }

    /// The files of one folder, but for those that Unity does not build, are those of the other.
    static bool Same(string one, string other)
    {
        var files = Files(one).Where(file => !file.EndsWith(".meta")).ToArray();
        return files.SequenceEqual(Files(other)) && files.All(file => File.ReadAllBytes(one + file).SequenceEqual(File.ReadAllBytes(other + file)));
    }

    static IEnumerable<string> Files(string folder)
    {
        return Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => file.Substring(folder.Length)).OrderBy(file => file, StringComparer.Ordinal);
    }
}
