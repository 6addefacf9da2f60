// The part of UnityEngine that the package uses, declared as Unity 2021.3 declares it, over a small engine that
// behaves as Unity's does where the package relies on it. Fake.PlayerLoop turns it.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Unity.Collections;

namespace UnityEngine
{
    public class Object
    {
        internal bool destroyed;

        public virtual string name { get; set; }

        // What is destroyed equals null.
        public static implicit operator bool(Object exists)
        {
            return !IsNull(exists);
        }

        public static bool operator ==(Object x, Object y)
        {
            return IsNull(x) || IsNull(y) ? IsNull(x) && IsNull(y) : ReferenceEquals(x, y);
        }

        public static bool operator !=(Object x, Object y)
        {
            return !(x == y);
        }

        public override bool Equals(object other)
        {
            return other is Object && this == (Object)other;
        }

        public override int GetHashCode()
        {
            return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
        }

        public static void Destroy(Object obj)
        {
            Fake.PlayerLoop.DestroyLater(obj);
        }

        public static void DestroyImmediate(Object obj)
        {
            Fake.PlayerLoop.DestroyNow(obj);
        }

        internal void Check()
        {
            Fake.PlayerLoop.CheckThread();
            if (destroyed) throw new MissingReferenceException("The object of type '" + GetType().Name + "' has been destroyed");
        }

        internal virtual void Release()
        {
        }

        static bool IsNull(Object it)
        {
            return ReferenceEquals(it, null) || it.destroyed;
        }
    }

    public class MissingReferenceException : SystemException
    {
        public MissingReferenceException(string message) : base(message)
        {
        }
    }

    public class Component : Object
    {
        public GameObject gameObject { get; internal set; }

        // A component has the name of its object.
        public override string name
        {
            get { return gameObject.name; }
            set { gameObject.name = value; }
        }

        public Transform transform
        {
            get { return gameObject.transform; }
        }

        public T GetComponent<T>()
        {
            return gameObject.GetComponent<T>();
        }
    }

    public class Behaviour : Component
    {
        bool isEnabled = true;

        public bool enabled
        {
            get
            {
                Check();
                return isEnabled;
            }
            set
            {
                Check();
                isEnabled = value;
                Fake.PlayerLoop.Toggle(this);
            }
        }

        public bool isActiveAndEnabled
        {
            get { return enabled && gameObject.activeInHierarchy; }
        }
    }

    public class MonoBehaviour : Behaviour
    {
        internal bool isOn, isStarted;
    }

    public class ScriptableObject : Object
    {
    }

    public class AsyncOperation
    {
    }

    public class Transform : Component
    {
        public Vector3 position { get; set; }

        public Vector3 forward
        {
            get { return new Vector3(0, 0, 1); }
        }
    }

    public sealed class GameObject : Object
    {
        readonly List<Component> components = new List<Component>();
        bool active = true;

        public GameObject(string name)
        {
            this.name = name;
            transform = AddComponent<Transform>();
        }

        public Transform transform { get; private set; }

        public bool activeInHierarchy
        {
            get
            {
                Check();
                return active;
            }
        }

        public void SetActive(bool value)
        {
            Check();
            active = value;
            foreach (var component in components.ToArray())
                if (component is Behaviour) Fake.PlayerLoop.Toggle((Behaviour)component);
        }

        public T AddComponent<T>() where T : Component
        {
            Check();
            var component = Activator.CreateInstance<T>();
            component.gameObject = this;
            components.Add(component);
            Fake.PlayerLoop.Added(component);
            return component;
        }

        public T GetComponent<T>()
        {
            Check();
            foreach (var component in components)
                if (component is T) return (T)(object)component;
            return default(T);
        }

        public static GameObject CreatePrimitive(PrimitiveType type)
        {
            var primitive = new GameObject(type.ToString());
            primitive.AddComponent<Renderer>();
            return primitive;
        }

        internal override void Release()
        {
            foreach (var component in components) Fake.PlayerLoop.DestroyNow(component);
        }
    }

    public enum PrimitiveType
    {
        Sphere,
        Capsule,
        Cylinder,
        Cube,
        Plane,
        Quad
    }

    public class Renderer : Component
    {
        Material own;

        public Material material
        {
            get
            {
                Check();
                return own ?? (own = new Material());
            }
            set { own = value; }
        }
    }

    public class Material : Object
    {
        Texture texture;

        internal Material()
        {
        }

        public Texture mainTexture
        {
            get { return texture; }
            set
            {
                Check();
                texture = value;
            }
        }
    }

    public sealed class Camera : Behaviour
    {
        public static Camera main
        {
            get { return Fake.PlayerLoop.Camera; }
        }
    }

    public class Texture : Object
    {
        public virtual int width { get; set; }
        public virtual int height { get; set; }
        public TextureWrapMode wrapModeU { get; set; }
        public TextureWrapMode wrapModeV { get; set; }
    }

    public enum TextureWrapMode
    {
        Repeat,
        Clamp,
        Mirror,
        MirrorOnce
    }

    public enum TextureFormat
    {
        RGB24 = 3,
        RGBA32 = 4,
        ARGB32 = 5
    }

    public sealed class Texture2D : Texture
    {
        readonly IntPtr memory;
        readonly int size;
        byte[] shown;

        public Texture2D(int width, int height, TextureFormat textureFormat, bool mipChain)
        {
            Check();
            if (textureFormat != TextureFormat.RGBA32 || mipChain) throw new NotSupportedException();
            this.width = width;
            this.height = height;
            format = textureFormat;
            size = 4 * width * height;
            memory = Marshal.AllocHGlobal(size);
            shown = new byte[size];
            Marshal.Copy(shown, 0, memory, size);
            Fake.PlayerLoop.Textures++;
        }

        public TextureFormat format { get; private set; }

        public bool isReadable
        {
            get { return true; }
        }

        public int mipmapCount
        {
            get { return 1; }
        }

        public NativeArray<T> GetRawTextureData<T>() where T : struct
        {
            Check();
            return new NativeArray<T>(memory, size / Marshal.SizeOf(typeof(T)));
        }

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable)
        {
            Check();
            Marshal.Copy(memory, shown, 0, size);
            Fake.PlayerLoop.Applied(this);
        }

        // What the graphics card has: the bytes at the last Apply.
        internal byte[] Shown()
        {
            Check();
            return (byte[])shown.Clone();
        }

        internal override void Release()
        {
            Marshal.FreeHGlobal(memory);
            Fake.PlayerLoop.Textures--;
        }
    }

    public struct Vector3
    {
        public float x, y, z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public static Vector3 operator +(Vector3 a, Vector3 b)
        {
            return new Vector3(a.x + b.x, a.y + b.y, a.z + b.z);
        }

        public static Vector3 operator *(Vector3 a, float d)
        {
            return new Vector3(a.x * d, a.y * d, a.z * d);
        }
    }

    public struct Rect
    {
        public float width { get; set; }
        public float height { get; set; }
    }

    public static class Time
    {
        public static float unscaledTime { get; internal set; }
    }

    public static class Application
    {
        public static bool isPlaying { get; internal set; }
        public static string streamingAssetsPath { get; internal set; }
        public static string persistentDataPath { get; internal set; }

        public static event Action quitting;

        internal static void RaiseQuitting()
        {
            quitting?.Invoke();
        }
    }

    public static class Debug
    {
        public static void LogException(Exception exception)
        {
            LogException(exception, null);
        }

        public static void LogException(Exception exception, Object context)
        {
            Fake.PlayerLoop.Logged.Add(exception.Message);
        }

        public static void LogWarning(object message)
        {
            Fake.PlayerLoop.Logged.Add(message.ToString());
        }
    }

    public static class GUI
    {
        public static void DrawTexture(Rect position, Texture image, ScaleMode scaleMode)
        {
        }
    }

    public enum ScaleMode
    {
        StretchToFill,
        ScaleAndCrop,
        ScaleToFit
    }

    public class GUILayoutOption
    {
    }

    public class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options)
        {
            return Fake.Gui.Click(text);
        }

        public static void Label(string text, params GUILayoutOption[] options)
        {
            Fake.Gui.Texts.Add(text);
        }

        public static string TextField(string text, params GUILayoutOption[] options)
        {
            return Fake.Gui.Typed ?? text;
        }

        public static GUILayoutOption Width(float width)
        {
            return new GUILayoutOption();
        }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class SerializeField : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Field, Inherited = true, AllowMultiple = false)]
    public abstract class PropertyAttribute : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Field, Inherited = true, AllowMultiple = false)]
    public class TooltipAttribute : PropertyAttribute
    {
        public TooltipAttribute(string tooltip)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Field, Inherited = true, AllowMultiple = false)]
    public sealed class RangeAttribute : PropertyAttribute
    {
        public RangeAttribute(float min, float max)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Field, Inherited = true, AllowMultiple = false)]
    public sealed class MinAttribute : PropertyAttribute
    {
        public MinAttribute(float min)
        {
        }
    }

    public sealed class AddComponentMenu : Attribute
    {
        public AddComponentMenu(string menuName)
        {
        }
    }

    public enum RuntimeInitializeLoadType
    {
        AfterSceneLoad,
        BeforeSceneLoad,
        AfterAssembliesLoaded,
        BeforeSplashScreen,
        SubsystemRegistration
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = false)]
    public class RuntimeInitializeOnLoadMethodAttribute : Scripting.PreserveAttribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType)
        {
            this.loadType = loadType;
        }

        public RuntimeInitializeLoadType loadType { get; private set; }
    }
}

namespace UnityEngine.Scripting
{
    [AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum |
        AttributeTargets.Constructor | AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Field |
        AttributeTargets.Event | AttributeTargets.Interface | AttributeTargets.Delegate, Inherited = false)]
    public class PreserveAttribute : Attribute
    {
    }
}

namespace UnityEngine.Events
{
    public delegate void UnityAction<T0>(T0 arg0);

    public class UnityEvent<T0>
    {
        UnityAction<T0> calls;

        public void AddListener(UnityAction<T0> call)
        {
            calls += call;
        }

        public void RemoveListener(UnityAction<T0> call)
        {
            calls -= call;
        }

        public void Invoke(T0 arg0)
        {
            calls?.Invoke(arg0);
        }
    }
}

namespace Unity.Collections
{
    public struct NativeArray<T> where T : struct
    {
        internal readonly IntPtr memory;

        internal NativeArray(IntPtr memory, int length) : this()
        {
            this.memory = memory;
            Length = length;
        }

        public int Length { get; private set; }
    }
}

namespace Unity.Collections.LowLevel.Unsafe
{
    public static class NativeArrayUnsafeUtility
    {
        public static unsafe void* GetUnsafePtr<T>(this NativeArray<T> nativeArray) where T : struct
        {
            return (void*)nativeArray.memory;
        }
    }
}
