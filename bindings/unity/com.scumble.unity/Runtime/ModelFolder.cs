using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using UnityEngine;
using UnityEngine.Networking;

namespace Scumble
{
    /// <summary>
    /// Where a model lies as loose files, which is what Scumble reads. A relative path counts from StreamingAssets. On
    /// Android these are inside the application's archive: a model is copied out of it once.
    /// </summary>
    internal static class ModelFolder
    {
        /// <summary>
        /// Lists the files of StreamingAssets in builds for Android, since an archive cannot be listed: a line for each
        /// with its size, its SHA-256 and its path.
        /// </summary>
        internal const string FileList = "scumble-files.txt";

        /// <summary>The folder that a path means.</summary>
        /// <param name="path">What <see cref="ScumbleContext.Model"/> says.</param>
        /// <param name="toBeCopied">Whether the model has to be copied there first.</param>
        internal static string Find(string path, out bool toBeCopied)
        {
            toBeCopied = false;
            if (string.IsNullOrEmpty(path))
                throw new ArgumentException("Model is empty; expected the path of a model's folder, such as one in StreamingAssets");
            if (IsInArchive(path))
                throw new ArgumentException("Model is \"" + path + "\", which is inside an archive, where a model cannot be read; " +
                    "expected its path relative to StreamingAssets: it is then copied to " + Application.persistentDataPath);
            if (Path.IsPathRooted(path)) return path;
            path = Normal(path);
            toBeCopied = IsInArchive(Application.streamingAssetsPath);
            return (toBeCopied ? Application.persistentDataPath + "/scumble" : Application.streamingAssetsPath) + "/" + path;
        }

        /// <summary>
        /// Copies a model out of the archive, unless that was done: a step for each turn of the enumerator, which gives
        /// how much is done, 0 to 1. No turn waits.
        /// </summary>
        internal static IEnumerator<float> Copy(string path, string folder)
        {
            var archive = Application.streamingAssetsPath + "/";
            string list;
            using (var request = UnityWebRequest.Get(archive + FileList))
            {
                request.SendWebRequest();
                while (!request.isDone) yield return 0;
                Check(request, FileList, "which the package writes when the game is built for Android");
                list = request.downloadHandler.text;
            }

            path = Normal(path) + "/";
            var files = new List<ListedFile>();
            var wanted = new StringBuilder();
            long size = 0, copied = 0;
            foreach (var line in list.Split('\n'))
            {
                var file = ListedFile.Parse(line);
                if (file == null || !file.Path.StartsWith(path, StringComparison.Ordinal)) continue;
                files.Add(file);
                wanted.Append(line).Append('\n');
                size += file.Size;
            }
            if (files.Count == 0)
                throw new DirectoryNotFoundException("Model is \"" + path.TrimEnd('/') + "\", but the build has no such folder in StreamingAssets");

            // What was copied is written down last, so that half a copy does not count.
            var stamp = folder + ".files";
            if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted.ToString()) yield break;
            File.Delete(stamp);
            if (Directory.Exists(folder)) Directory.Delete(folder, true);
            foreach (var file in files)
            {
                var target = folder + "/" + file.Path.Substring(path.Length);
                Directory.CreateDirectory(Path.GetDirectoryName(target));
                var writer = new DownloadHandlerFile(target);
                using (var request = new UnityWebRequest(archive + file.Path, UnityWebRequest.kHttpVerbGET, writer, null))
                {
                    request.SendWebRequest();
                    while (!request.isDone) yield return (float)(copied + (long)request.downloadedBytes) / size;
                    Check(request, file.Path, "to be copied to " + target);
                }
                copied += file.Size;
            }
            File.WriteAllText(stamp, wanted.ToString());
        }

        static void Check(UnityWebRequest request, string path, string what)
        {
            if (request.result != UnityWebRequest.Result.Success)
                throw new IOException("\"" + path + "\" of StreamingAssets, " + what + ", could not be read: " + request.error);
        }

        // "jar:file:///data/app/….apk!/assets" and its like.
        static bool IsInArchive(string path)
        {
            return path.StartsWith("jar:", StringComparison.Ordinal) || path.Contains("://");
        }

        static string Normal(string path)
        {
            return path.Replace('\\', '/').Trim('/');
        }

        sealed class ListedFile
        {
            internal long Size;
            internal string Path;

            internal static ListedFile Parse(string line)
            {
                var parts = line.Split(new[] { ' ' }, 3);
                return parts.Length == 3 ? new ListedFile { Size = long.Parse(parts[0]), Path = parts[2] } : null;
            }
        }
    }
}
