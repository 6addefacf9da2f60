using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Scumble
{
    /// <summary>Arrays that stay where they are while the library reads what a descriptor points to.</summary>
    internal sealed class Pins : IDisposable
    {
        private readonly List<GCHandle> handles = new List<GCHandle>();

        /// <summary>The address of an array's first element; zero for null.</summary>
        internal IntPtr Array(Array array)
        {
            if (array == null) return IntPtr.Zero;
            var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
            handles.Add(pin);
            return pin.AddrOfPinnedObject();
        }

        internal IntPtr Text(string text, string parameter)
        {
            return Array(Utf8.Bytes(text, parameter));
        }

        /// <summary>The address of the addresses of these texts; zero for null.</summary>
        internal IntPtr Texts(IList<string> texts, string parameter, out uint count)
        {
            count = texts == null ? 0 : (uint)texts.Count;
            if (texts == null) return IntPtr.Zero;
            var addresses = new IntPtr[texts.Count];
            for (int i = 0; i < addresses.Length; i++) addresses[i] = Text(texts[i], parameter);
            return Array(addresses);
        }

        public void Dispose()
        {
            foreach (var pin in handles) pin.Free();
            handles.Clear();
        }
    }
}
