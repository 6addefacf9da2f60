using System;
using System.Runtime.InteropServices;

#pragma warning disable 169, 649 // fields that only the library reads or writes

namespace Scumble
{
    // The structures of scumble.h that a program fills, field by field. Those that the library fills are public:
    // ContextInfo, PromptInfo, GenerationInfo, GenerationProgress, DeviceInfo, LogEntry.

    [StructLayout(LayoutKind.Sequential)]
    internal struct ContextDesc
    {
        internal uint structSize;
        internal int threads;
        internal IntPtr modelPath;
        internal IntPtr device;
        internal IntPtr variant;
        internal IntPtr controlnetPaths;
        internal uint controlnetCount;
        internal Priority priority;
        internal Weights weights;
        internal Seamless seamless;
        internal ulong memoryBudget;
        internal IntPtr deviceOptions;
        internal IntPtr modelRoots;
        internal uint modelRootCount;
        internal uint reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PromptDesc
    {
        internal uint structSize;
        internal uint flags;
        internal IntPtr text;
        internal IntPtr negativeText;
        internal int clipSkip;
        internal PromptSyntax syntax;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct GenerationDesc
    {
        internal uint structSize;
        internal int width;
        internal int height;
        internal int steps;
        internal float guidanceScale;
        internal int previewEvery;
        internal int previewWidth;
        internal int previewHeight;
        internal ulong seed;
        internal IntPtr scheduler;
        internal IntPtr sigmas;
        internal float strength;
        internal float guidanceRescale;
        internal IntPtr picture;
        internal IntPtr mask;
        internal IntPtr controls;
        internal uint controlCount;
        internal PreviewSource previewSource;
        internal IntPtr timesteps;
        internal IntPtr sigmaValues;
        internal uint timestepCount;
        internal uint sigmaValueCount;
        internal float eta;
        internal uint flags;
        internal IntPtr latents;
        internal ulong latentsCount;
        internal uint background;
        internal int maskFeather;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ImageDesc
    {
        internal uint structSize;
        internal PixelFormat format;
        internal int width;
        internal int height;
        internal uint rowPitch;
        internal uint flags;
        internal ulong pixelsSize;
        internal IntPtr pixels;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlDesc
    {
        internal uint structSize;
        internal int controlnet;
        internal float scale;
        internal float start;
        internal float end;
        internal uint reserved;
        internal IntPtr picture;
    }
}
