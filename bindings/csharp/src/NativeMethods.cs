using System;
using System.Runtime.InteropServices;

namespace Scumble
{
    /// <summary>
    /// The functions of scumble.h, each as it stands there. Nothing is marshalled but safe handles: texts and structures
    /// go as pointers, so that every runtime does the same. Calls that wait or compute take the key of a handle instead:
    /// a safe handle would hold back its release until they return, where C's ends them.
    /// </summary>
    internal static unsafe class NativeMethods
    {
        internal const string LibraryName = "scumble";

        /// <summary>The ABI that this binding is written for.</summary>
        internal const uint AbiVersion = 1;

        internal const uint PromptByHand = 1;
        internal const uint ImageBottomUp = 1;
        internal const uint ImageOpaque = 2;
        internal const uint GenerationMaskFromAlpha = 1;
        internal const uint GenerationMaskAsDiffusers = 2;
        internal const uint GenerationKeepLatents = 4;
        internal const uint GenerationKeepFloats = 8;

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* scumble_version();

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint scumble_abi_version();

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* scumble_status_name(Status status);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* scumble_last_error();

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_log_next(LogEntry* entry);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_shutdown(int timeoutMs);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_runtime_load(byte* path);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_runtime_add_provider(byte* path);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_device_count(int* count);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_device_get_info(int index, DeviceInfo* info);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_desc_init(ContextDesc* desc, UIntPtr size, uint abiVersion);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_create(ContextDesc* desc, IntPtr* context);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_poll(ContextHandle context);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_wait(IntPtr context, int timeoutMs);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_get_info(ContextHandle context, ContextInfo* info);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_set_pace(ContextHandle context, float share);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_trim(ContextHandle context);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_set_priority(ContextHandle context, Priority priority);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_context_destroy(IntPtr context);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_desc_init(PromptDesc* desc, UIntPtr size, uint abiVersion);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_create(ContextHandle context, PromptDesc* desc, IntPtr* prompt);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_blend(
            PromptHandle first, PromptHandle second, float factor, IntPtr* prompt);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_encode(IntPtr prompt);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_poll(PromptHandle prompt);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_wait(IntPtr prompt, int timeoutMs);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_get_info(PromptHandle prompt, PromptInfo* info);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_prompt_destroy(IntPtr prompt);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_desc_init(GenerationDesc* desc, UIntPtr size, uint abiVersion);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_create(
            PromptHandle prompt, GenerationDesc* desc, IntPtr* generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_start(GenerationHandle generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_poll(GenerationHandle generation, GenerationProgress* progress);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_wait(IntPtr generation, int timeoutMs);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_cancel(GenerationHandle generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_pause(GenerationHandle generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_resume(GenerationHandle generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_get_info(GenerationHandle generation, GenerationInfo* info);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_error(GenerationHandle generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_step(IntPtr generation, int* left);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_decode(IntPtr generation);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_read_image(
            GenerationHandle generation, ImageSource source, ImageDesc* image);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_read_latents(
            GenerationHandle generation, float* latents, ulong count);

        [DllImport(LibraryName, CallingConvention = CallingConvention.Cdecl)]
        internal static extern Status scumble_generation_destroy(IntPtr generation);
    }
}
