// UnityWebRequest as the package uses it, over an archive that is a folder of the test: a few bytes arrive each frame.

using System;
using System.Collections.Generic;
using System.IO;

namespace Fake
{
    // What requests find under an address.
    public static class Archive
    {
        public static string Address, Folder;
        public static int BytesPerFrame = int.MaxValue;
        // Ends requests for files of this name with an error.
        public static string Broken;
        public static readonly List<string> Asked = new List<string>();
        public static int Open;

        internal static byte[] Read(string url)
        {
            Asked.Add(url.Substring(Address.Length + 1));
            var file = Folder + url.Substring(Address.Length);
            return url.StartsWith(Address) && File.Exists(file) && Path.GetFileName(file) != Broken ? File.ReadAllBytes(file) : null;
        }
    }
}

namespace UnityEngine.Networking
{
    public class UnityWebRequestAsyncOperation : AsyncOperation
    {
    }

    public class UnityWebRequest : IDisposable
    {
        public enum Result
        {
            InProgress = 0,
            Success = 1,
            ConnectionError = 2,
            ProtocolError = 3,
            DataProcessingError = 4
        }

        public const string kHttpVerbGET = "GET";

        readonly string url;
        byte[] content;
        int arrived;
        bool open;

        public UnityWebRequest(string url, string method, DownloadHandler downloadHandler, UploadHandler uploadHandler)
        {
            this.url = url;
            this.downloadHandler = downloadHandler;
            open = true;
            Fake.Archive.Open++;
        }

        public static UnityWebRequest Get(string uri)
        {
            return new UnityWebRequest(uri, kHttpVerbGET, new DownloadHandlerBuffer(), null);
        }

        public DownloadHandler downloadHandler { get; set; }
        public Result result { get; private set; }
        public string error { get; private set; }

        public bool isDone
        {
            get { return result != Result.InProgress; }
        }

        public ulong downloadedBytes
        {
            get { return (ulong)arrived; }
        }

        public UnityWebRequestAsyncOperation SendWebRequest()
        {
            Fake.PlayerLoop.CheckThread();
            content = Fake.Archive.Read(url);
            Fake.PlayerLoop.EachFrame.Add(Receive);
            return new UnityWebRequestAsyncOperation();
        }

        public void Dispose()
        {
            if (!open) return;
            open = false;
            Fake.Archive.Open--;
            Fake.PlayerLoop.EachFrame.Remove(Receive);
            GC.SuppressFinalize(this);
        }

        void Receive()
        {
            if (content == null)
            {
                error = "HTTP/1.1 404 Not Found";
                result = Result.ProtocolError;
            }
            else
            {
                var count = Math.Min(content.Length - arrived, Fake.Archive.BytesPerFrame);
                downloadHandler.Received(content, arrived, count);
                arrived += count;
                if (arrived == content.Length) result = Result.Success;
            }
            if (isDone) Fake.PlayerLoop.EachFrame.Remove(Receive);
        }
    }

    public class UploadHandler
    {
    }

    public class DownloadHandler
    {
        public virtual string text
        {
            get { throw new NotSupportedException(); }
        }

        internal virtual void Received(byte[] content, int offset, int count)
        {
        }
    }

    public sealed class DownloadHandlerBuffer : DownloadHandler
    {
        readonly MemoryStream content = new MemoryStream();

        public override string text
        {
            get { return System.Text.Encoding.UTF8.GetString(content.ToArray()); }
        }

        internal override void Received(byte[] bytes, int offset, int count)
        {
            content.Write(bytes, offset, count);
        }
    }

    public sealed class DownloadHandlerFile : DownloadHandler
    {
        readonly string path;

        // A file is there from the beginning, in a folder that must be there.
        public DownloadHandlerFile(string path)
        {
            this.path = path;
            File.WriteAllBytes(path, new byte[0]);
        }

        internal override void Received(byte[] bytes, int offset, int count)
        {
            using (var file = new FileStream(path, FileMode.Append)) file.Write(bytes, offset, count);
        }
    }
}
