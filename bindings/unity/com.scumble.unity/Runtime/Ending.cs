using System;
using System.Collections.Generic;
using UnityEngine;

namespace Scumble
{
    /// <summary>
    /// Ends all of Scumble's work and threads where the code that uses it ends: when the application quits and, in the
    /// editor, before a domain reload and between playing and editing. Everything can be begun again afterwards.
    /// </summary>
    internal static class Ending
    {
        // Work stops between two operators of a model, which takes far less.
        static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

        // A library that nothing has used is not loaded only to be ended.
        static bool isUsed;
        static readonly List<ScumbleContext> contexts = new List<ScumbleContext>();

        internal static void Add(ScumbleContext context)
        {
            isUsed = true;
            contexts.Add(context);
        }

        internal static void Remove(ScumbleContext context)
        {
            contexts.Remove(context);
        }

        internal static void EndAll()
        {
            while (contexts.Count > 0) contexts[contexts.Count - 1].Unload();
            if (!isUsed) return;
            try
            {
                if (!Library.Shutdown(Timeout)) Debug.LogWarning("Scumble: a model call did not end within " + Timeout.TotalSeconds + " s");
            }
            catch (DllNotFoundException)
            {
                // Whoever wanted to use it was told.
            }
        }

        // Without a domain reload, statics stay as the last play left them.
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        static void BeginPlay()
        {
            contexts.Clear();
            Application.quitting -= EndAll;
            Application.quitting += EndAll;
        }
    }
}
