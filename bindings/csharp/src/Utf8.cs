using System;
using System.Text;

namespace Scumble
{
    /// <summary>
    /// Texts as the library has them: UTF-8 with a NUL at the end. By hand, since not every runtime marshals them so.
    /// </summary>
    internal static unsafe class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>The bytes of a text, NUL included; null for null.</summary>
        internal static byte[] Bytes(string text, string parameter)
        {
            if (text == null) return null;
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("the text contains a NUL character", parameter);
            try
            {
                var bytes = new byte[Strict.GetByteCount(text) + 1];
                Strict.GetBytes(text, 0, text.Length, bytes, 0);
                return bytes;
            }
            catch (EncoderFallbackException error)
            {
                throw new ArgumentException("the text has half of a surrogate pair", parameter, error);
            }
        }

        /// <summary>A text of the library's; "" for NULL.</summary>
        internal static string Read(byte* text)
        {
            if (text == null) return "";
            int length = 0;
            while (text[length] != 0) length++;
            return length == 0 ? "" : Encoding.UTF8.GetString(text, length);
        }
    }
}
