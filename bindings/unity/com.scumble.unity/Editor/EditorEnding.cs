using UnityEditor;

namespace Scumble.Editor
{
    /// <summary>Ends Scumble's work and threads where the editor takes its code away.</summary>
    internal static class EditorEnding
    {
        [InitializeOnLoadMethod]
        static void Listen()
        {
            AssemblyReloadEvents.beforeAssemblyReload += Ending.EndAll;
            EditorApplication.quitting += Ending.EndAll;
            EditorApplication.playModeStateChanged += change =>
            {
                if (change == PlayModeStateChange.ExitingEditMode || change == PlayModeStateChange.EnteredEditMode) Ending.EndAll();
            };
        }
    }
}
