// Turns the declared engine as Unity's player and its editor turn theirs: one thread, one frame after the other.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;
using UnityEngine;
using Object = UnityEngine.Object;

namespace Fake
{
    public static class PlayerLoop
    {
        sealed class Scripted
        {
            public MonoBehaviour behaviour;
            public Action awake, enable, start, update, disable, destroy;
        }

        // Posts are run once a frame on the main thread, as UnitySynchronizationContext does.
        sealed class Posts : SynchronizationContext
        {
            readonly List<KeyValuePair<SendOrPostCallback, object>> queue = new List<KeyValuePair<SendOrPostCallback, object>>();

            public override void Post(SendOrPostCallback callback, object state)
            {
                lock (queue) queue.Add(new KeyValuePair<SendOrPostCallback, object>(callback, state));
            }

            public override SynchronizationContext CreateCopy()
            {
                return this;
            }

            public void Run()
            {
                if (queue.Count == 0) return;
                KeyValuePair<SendOrPostCallback, object>[] work;
                lock (queue)
                {
                    work = queue.ToArray();
                    queue.Clear();
                }
                foreach (var post in work) Guarded(() => post.Key(post.Value));
            }
        }

        static readonly List<Scripted> scripts = new List<Scripted>();
        static readonly List<Object> doomed = new List<Object>();
        static readonly Thread main = Thread.CurrentThread;
        static readonly Posts posts = new Posts();

        // What was logged as an error or a warning.
        public static readonly List<string> Logged = new List<string>();
        // Textures that live.
        public static int Textures;
        // Told which texture is uploaded.
        public static Action<Texture2D> OnApply;
        public static Camera Camera;
        internal static readonly List<Action> EachFrame = new List<Action>();

        // Before anything else in a domain.
        public static void Begin(string streamingAssets, string persistentData)
        {
            SynchronizationContext.SetSynchronizationContext(posts);
            Application.streamingAssetsPath = streamingAssets;
            Application.persistentDataPath = persistentData;
        }

        // Begins to play; statics are as they were, as with domain reload turned off.
        public static void Play(Assembly game)
        {
            Application.isPlaying = true;
            foreach (var type in game.GetTypes())
                foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                {
                    var hook = (RuntimeInitializeOnLoadMethodAttribute)Attribute.GetCustomAttribute(method, typeof(RuntimeInitializeOnLoadMethodAttribute));
                    if (hook != null) method.Invoke(null, null);
                }
        }

        // Ends it: the application quits, then its objects go.
        public static void Stop()
        {
            Application.RaiseQuitting();
            foreach (var script in scripts.ToArray()) DestroyNow(script.behaviour);
            scripts.Clear();
            posts.Run();
            DestroyDoomed();
            Application.isPlaying = false;
        }

        public static void Frame()
        {
            Time.unscaledTime += 1f / 60;
            for (var i = 0; i < scripts.Count; i++)
            {
                var script = scripts[i];
                if (script.behaviour.isOn && !script.behaviour.isStarted)
                {
                    script.behaviour.isStarted = true;
                    Call(script.start);
                }
                if (script.behaviour.isOn) Call(script.update);
            }
            for (var i = 0; i < EachFrame.Count; i++) EachFrame[i]();
            posts.Run();
            DestroyDoomed();
        }

        public static byte[] Shown(Texture2D texture)
        {
            return texture.Shown();
        }

        internal static void CheckThread()
        {
            if (Thread.CurrentThread != main) throw new InvalidOperationException("Unity may be called from the main thread alone");
        }

        internal static void Added(Component component)
        {
            var behaviour = component as MonoBehaviour;
            if (behaviour == null) return;
            var script = new Scripted
            {
                behaviour = behaviour,
                awake = Message(behaviour, "Awake"),
                enable = Message(behaviour, "OnEnable"),
                start = Message(behaviour, "Start"),
                update = Message(behaviour, "Update"),
                disable = Message(behaviour, "OnDisable"),
                destroy = Message(behaviour, "OnDestroy")
            };
            scripts.Add(script);
            if (!Application.isPlaying) return;
            Call(script.awake);
            Toggle(behaviour);
        }

        internal static void Toggle(Behaviour behaviour)
        {
            var script = scripts.Find(it => ReferenceEquals(it.behaviour, behaviour));
            if (script == null || !Application.isPlaying) return;
            var on = !behaviour.destroyed && behaviour.isActiveAndEnabled;
            if (on == script.behaviour.isOn) return;
            script.behaviour.isOn = on;
            Call(on ? script.enable : script.disable);
        }

        internal static void DestroyLater(Object it)
        {
            CheckThread();
            if (!Application.isPlaying) throw new InvalidOperationException("Destroy may not be called from edit mode! Use DestroyImmediate instead");
            if (it) doomed.Add(it);
        }

        internal static void DestroyNow(Object it)
        {
            CheckThread();
            if (!it) return;
            var script = scripts.Find(other => ReferenceEquals(other.behaviour, it));
            if (script != null)
            {
                var wasOn = script.behaviour.isOn;
                script.behaviour.isOn = false;
                if (wasOn) Call(script.disable);
                if (Application.isPlaying) Call(script.destroy);
            }
            it.destroyed = true;
            it.Release();
        }

        internal static void Applied(Texture2D texture)
        {
            OnApply?.Invoke(texture);
        }

        static void DestroyDoomed()
        {
            for (var i = 0; i < doomed.Count; i++) DestroyNow(doomed[i]);
            doomed.Clear();
        }

        static Action Message(MonoBehaviour behaviour, string name)
        {
            var method = behaviour.GetType().GetMethod(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, Type.EmptyTypes, null);
            return method == null ? null : (Action)Delegate.CreateDelegate(typeof(Action), behaviour, method);
        }

        static void Call(Action message)
        {
            if (message != null) Guarded(message);
        }

        static void Guarded(Action call)
        {
            try
            {
                call();
            }
            catch (Exception exception)
            {
                Logged.Add(exception.ToString());
            }
        }
    }

    // What is typed and clicked in immediate-mode windows.
    public static class Gui
    {
        public static readonly List<string> Texts = new List<string>();
        public static string Typed;
        public static string Button;

        internal static bool Click(string text)
        {
            Texts.Add(text);
            if (Button != text) return false;
            Button = null;
            return true;
        }
    }
}
