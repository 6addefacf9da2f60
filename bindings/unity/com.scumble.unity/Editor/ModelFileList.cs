using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using UnityEditor;
using UnityEditor.Build;
using UnityEngine;

namespace Scumble.Editor
{
    /// <summary>
    /// Adds to builds for Android a list of the files in StreamingAssets, by which the player knows what to copy out of
    /// the application's archive. Nothing is written into the project.
    /// </summary>
    internal sealed class ModelFileList : BuildPlayerProcessor
    {
        public override void PrepareForBuild(BuildPlayerContext buildPlayerContext)
        {
            var folder = Application.streamingAssetsPath;
            if (buildPlayerContext.BuildPlayerOptions.target != BuildTarget.Android || !Directory.Exists(folder)) return;
            var list = FileUtil.GetUniqueTempPathInProject();
            File.WriteAllText(list, Lines(folder));
            buildPlayerContext.AddAdditionalPathToStreamingAssets(list, ModelFolder.FileList);
        }

        static string Lines(string folder)
        {
            var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
            Array.Sort(files, StringComparer.Ordinal);
            var lines = new StringBuilder();
            using (var hash = SHA256.Create())
                foreach (var file in files)
                {
                    var path = file.Substring(folder.Length + 1).Replace('\\', '/');
                    if (!IsBuilt(path)) continue;
                    using (var content = File.OpenRead(file))
                    {
                        var sum = BitConverter.ToString(hash.ComputeHash(content)).Replace("-", "").ToLowerInvariant();
                        lines.Append(content.Length).Append(' ').Append(sum).Append(' ').Append(path).Append('\n');
                    }
                }
            return lines.ToString();
        }

        // Unity leaves out what is hidden, and its own .meta files.
        static bool IsBuilt(string path)
        {
            foreach (var part in path.Split('/'))
                if (part.StartsWith(".", StringComparison.Ordinal) || part.EndsWith("~", StringComparison.Ordinal)) return false;
            return !path.EndsWith(".meta", StringComparison.Ordinal);
        }
    }
}
