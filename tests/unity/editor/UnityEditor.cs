// The part of UnityEditor that the package uses, declared as Unity 2021.3 declares it.

using System;
using System.Collections.Generic;
using System.Reflection;
using UnityEngine;

namespace UnityEditor
{
    [AttributeUsage(AttributeTargets.Method)]
    public class InitializeOnLoadMethodAttribute : Attribute
    {
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        internal static void RaiseBefore()
        {
            beforeAssemblyReload?.Invoke();
        }
    }

    public enum PlayModeStateChange
    {
        EnteredEditMode,
        ExitingEditMode,
        EnteredPlayMode,
        ExitingPlayMode
    }

    public sealed class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;

        public static event Action quitting;
        public static event Action<PlayModeStateChange> playModeStateChanged;

        internal static void RaiseQuitting()
        {
            quitting?.Invoke();
        }

        internal static void RaisePlayModeStateChanged(PlayModeStateChange change)
        {
            playModeStateChanged?.Invoke(change);
        }
    }

    public sealed class CustomEditor : Attribute
    {
        internal readonly Type inspected;

        public CustomEditor(Type inspectedType)
        {
            inspected = inspectedType;
        }
    }

    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target { get; internal set; }

        public bool DrawDefaultInspector()
        {
            return false;
        }

        public virtual void OnInspectorGUI()
        {
        }

        public virtual bool RequiresConstantRepaint()
        {
            return false;
        }
    }

    public enum MessageType
    {
        None = 0,
        Info = 1,
        Warning = 2,
        Error = 3
    }

    public sealed class EditorGUILayout
    {
        public static void LabelField(string label, string label2, params GUILayoutOption[] options)
        {
            Fake.Gui.Texts.Add(label + ": " + label2);
        }

        public static string TextField(string label, string text, params GUILayoutOption[] options)
        {
            return Fake.Gui.Typed ?? text;
        }

        public static void HelpBox(string message, MessageType type)
        {
            Fake.Gui.Texts.Add(message);
        }

        public static void Space()
        {
        }

        public static Rect GetControlRect(bool hasLabel, float height, params GUILayoutOption[] options)
        {
            return new Rect();
        }
    }

    public sealed class EditorGUI
    {
        public static void ProgressBar(Rect position, float value, string text)
        {
            Fake.Gui.Texts.Add(text);
        }
    }

    public sealed class FileUtil
    {
        public static string GetUniqueTempPathInProject()
        {
            return System.IO.Path.GetTempFileName();
        }
    }

    public enum BuildTarget
    {
        StandaloneWindows64 = 19,
        Android = 13,
        StandaloneLinux64 = 24
    }

    public struct BuildPlayerOptions
    {
        public BuildTarget target { get; set; }
    }
}

namespace UnityEditor.Build
{
    public interface IOrderedCallback
    {
        int callbackOrder { get; }
    }

    public abstract class BuildPlayerProcessor : IOrderedCallback
    {
        public virtual int callbackOrder
        {
            get { return 0; }
        }

        public abstract void PrepareForBuild(BuildPlayerContext buildPlayerContext);
    }

    public sealed class BuildPlayerContext
    {
        internal readonly Dictionary<string, string> added = new Dictionary<string, string>();

        internal BuildPlayerContext(BuildPlayerOptions options)
        {
            BuildPlayerOptions = options;
        }

        public BuildPlayerOptions BuildPlayerOptions { get; private set; }

        public void AddAdditionalPathToStreamingAssets(string directoryOrFile, string pathInStreamingAssets = null)
        {
            added.Add(pathInStreamingAssets, directoryOrFile);
        }
    }
}

namespace Fake
{
    using UnityEditor;
    using UnityEditor.Build;

    // Does what Unity's editor does around the player loop.
    public static class EditorLoop
    {
        static Assembly scripts;

        // A domain was loaded: methods that ask for it are called.
        public static void Begin(string editorScripts)
        {
            scripts = Assembly.Load(editorScripts);
            foreach (var type in scripts.GetTypes())
                foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                    if (method.IsDefined(typeof(InitializeOnLoadMethodAttribute), false)) method.Invoke(null, null);
        }

        public static void Play(Assembly game)
        {
            EditorApplication.RaisePlayModeStateChanged(PlayModeStateChange.ExitingEditMode);
            PlayerLoop.Play(game);
            EditorApplication.RaisePlayModeStateChanged(PlayModeStateChange.EnteredPlayMode);
        }

        public static void Stop()
        {
            EditorApplication.RaisePlayModeStateChanged(PlayModeStateChange.ExitingPlayMode);
            PlayerLoop.Stop();
            EditorApplication.RaisePlayModeStateChanged(PlayModeStateChange.EnteredEditMode);
        }

        public static void BeforeAssemblyReload()
        {
            AssemblyReloadEvents.RaiseBefore();
        }

        public static void Quit()
        {
            EditorApplication.RaiseQuitting();
        }

        // A frame of the editor.
        public static void Frame()
        {
            EditorApplication.update?.Invoke();
            PlayerLoop.Frame();
        }

        // The inspector of a component, as it is made when the component is selected.
        public static Editor Select(UnityEngine.Object target)
        {
            foreach (var type in scripts.GetTypes())
            {
                var custom = (CustomEditor)Attribute.GetCustomAttribute(type, typeof(CustomEditor));
                if (custom == null || custom.inspected != target.GetType()) continue;
                var editor = (Editor)Activator.CreateInstance(type);
                editor.target = target;
                Send(editor, "OnEnable");
                return editor;
            }
            throw new InvalidOperationException("no inspector for " + target.GetType());
        }

        public static void Deselect(Editor editor)
        {
            Send(editor, "OnDisable");
        }

        static void Send(Editor editor, string message)
        {
            editor.GetType().GetMethod(message, BindingFlags.Instance | BindingFlags.NonPublic).Invoke(editor, null);
        }

        // Builds a player: which files its build adds to StreamingAssets.
        public static Dictionary<string, string> Build(BuildTarget target)
        {
            var context = new BuildPlayerContext(new BuildPlayerOptions { target = target });
            foreach (var type in scripts.GetTypes())
                if (typeof(BuildPlayerProcessor).IsAssignableFrom(type)) ((BuildPlayerProcessor)Activator.CreateInstance(type)).PrepareForBuild(context);
            return context.added;
        }
    }
}
