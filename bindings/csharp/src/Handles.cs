using System;
using System.Runtime.InteropServices;

namespace Scumble
{
    /// <summary>
    /// An object of the library, which is given back once: when it is disposed or when the garbage collector finds it.
    /// </summary>
    internal abstract class NativeHandle : SafeHandle
    {
        protected NativeHandle(IntPtr key) : base(IntPtr.Zero, true)
        {
            SetHandle(key);
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        /// <summary>
        /// What the library knows the object by: not an address, so one that was given back is refused and harmless.
        /// </summary>
        internal IntPtr Key
        {
            get
            {
                if (IsClosed) throw new ObjectDisposedException(GetType().Name);
                return handle;
            }
        }
    }

    internal sealed class ContextHandle : NativeHandle
    {
        internal ContextHandle(IntPtr key) : base(key)
        {
        }

        protected override bool ReleaseHandle()
        {
            // After a shutdown it is gone already, which is as good.
            NativeMethods.scumble_context_destroy(handle);
            return true;
        }
    }

    internal sealed class PromptHandle : NativeHandle
    {
        internal PromptHandle(IntPtr key) : base(key)
        {
        }

        protected override bool ReleaseHandle()
        {
            NativeMethods.scumble_prompt_destroy(handle);
            return true;
        }
    }

    internal sealed class GenerationHandle : NativeHandle
    {
        internal GenerationHandle(IntPtr key) : base(key)
        {
        }

        protected override bool ReleaseHandle()
        {
            NativeMethods.scumble_generation_destroy(handle);
            return true;
        }
    }
}
