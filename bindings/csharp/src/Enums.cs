using System;

namespace Scumble
{
    /// <summary>
    /// What a call of the library answers: 0 is success, positive is not a failure, negative is. A newer library may
    /// answer others: judge them by their sign.
    /// </summary>
    public enum Status
    {
        /// <summary>Done.</summary>
        Ok = 0,
        /// <summary>The object is still being made: poll it and call again.</summary>
        NotReady = 1,
        /// <summary>The time given to a wait is over; the work goes on.</summary>
        Timeout = 2,
        /// <summary>The model is computing for somebody else at this moment: call again later.</summary>
        Busy = 3,
        /// <summary>The work was cancelled, also by disposing of it or by a shutdown.</summary>
        Cancelled = 4,
        /// <summary>There is nothing to give: no further log line, no preview yet.</summary>
        Empty = 5,
        /// <summary>The shutdown has ended everything but a thread that loads a model, which ONNX Runtime does not stop.</summary>
        ThreadLeft = 6,
        /// <summary>A parameter or an option has a value that is not allowed.</summary>
        InvalidArgument = -1,
        /// <summary>The object does not exist any more: the library was shut down.</summary>
        InvalidHandle = -2,
        /// <summary>A structure is smaller than its first version.</summary>
        InvalidStructSize = -3,
        /// <summary>An option is set that the library does not know yet: the binding is newer.</summary>
        UnsupportedField = -4,
        /// <summary>Binding and library do not have a common ABI version.</summary>
        AbiMismatch = -5,
        /// <summary>The call is not allowed in the state that the object is in.</summary>
        WrongState = -6,
        /// <summary>The memory is too small for the picture.</summary>
        BufferTooSmall = -7,
        /// <summary>A text is not UTF-8.</summary>
        InvalidUtf8 = -8,
        /// <summary>A size or a text is over a documented limit.</summary>
        LimitExceeded = -9,
        /// <summary>This model or this library cannot do what was asked for.</summary>
        NotSupported = -10,
        /// <summary>No ONNX Runtime library was found.</summary>
        RuntimeNotFound = -20,
        /// <summary>A file was found, but it is not an ONNX Runtime library that can be loaded here.</summary>
        RuntimeInvalid = -21,
        /// <summary>The ONNX Runtime library is older than the oldest that Scumble works with.</summary>
        RuntimeTooOld = -22,
        /// <summary>Another ONNX Runtime library is loaded already; a process has one.</summary>
        RuntimeAlreadyLoaded = -23,
        /// <summary>ONNX Runtime reported an error.</summary>
        RuntimeFailed = -24,
        /// <summary>The model directory does not exist or is not a directory.</summary>
        ModelNotFound = -30,
        /// <summary>The model directory lacks a file that is needed.</summary>
        ModelIncomplete = -31,
        /// <summary>A file of the model is damaged, is not what its name says, or leads out of the directory.</summary>
        ModelInvalid = -32,
        /// <summary>The model is understood, but is of a kind that the library cannot run.</summary>
        ModelUnsupported = -33,
        /// <summary>A file of the model is a Git LFS pointer: the download was not completed.</summary>
        ModelIsPointer = -34,
        /// <summary>
        /// The system does not let this process read a file of the model: too many open files, no permission, a disk that
        /// fails. The model itself may be sound.
        /// </summary>
        ModelUnreadable = -35,
        /// <summary>The named device does not exist in this process, or cannot be used.</summary>
        DeviceNotFound = -40,
        /// <summary>
        /// The device was lost: removed, reset, or its driver crashed. What was computed has failed; the context loads its
        /// model anew when it is asked for something next, and other contexts go on. CUDA gives a lost device back to no
        /// process: there, create a context on another, such as "cpu".
        /// </summary>
        DeviceLost = -41,
        /// <summary>Memory ran out, or what was asked for does not fit the context's budget.</summary>
        OutOfMemory = -50,
        /// <summary>The memory of the device ran out.</summary>
        OutOfDeviceMemory = -51,
        /// <summary>The model gave NaN or infinite values.</summary>
        NotFinite = -60,
        /// <summary>A defect of Scumble itself. What was computed has failed; everything else goes on.</summary>
        Panic = -100,
    }

    /// <summary>Where a generation is. It has ended where <see cref="GenerationProgress.IsFinished"/> says so.</summary>
    public enum Phase
    {
        /// <summary>Neither started nor stepped.</summary>
        Created = 0,
        /// <summary>Waiting for its turn or for its prompt.</summary>
        Waiting = 1,
        /// <summary>The UNet is at work; by hand: the next call is <see cref="Generation.TryStep"/>.</summary>
        Denoising = 2,
        /// <summary>The autoencoder is at work; by hand: the next call is <see cref="Generation.TryDecode"/>.</summary>
        Decoding = 3,
        /// <summary>The picture is there.</summary>
        Done = 4,
        /// <summary>It failed; <see cref="Generation.ThrowIfFailed"/> tells why.</summary>
        Failed = 5,
        /// <summary>It was cancelled.</summary>
        Cancelled = 6,
    }

    /// <summary>Which picture to read.</summary>
    internal enum ImageSource
    {
        Final = 0,
        Preview = 1,
    }

    /// <summary>What makes previews.</summary>
    public enum PreviewSource
    {
        /// <summary>The model's tiny decoder if it has one, else colours alone.</summary>
        Auto = 0,
        /// <summary>A colour for each latent, which shows shapes: next to no time.</summary>
        Linear = 1,
        /// <summary>
        /// The tiny decoder, <c>vae_decoder_tiny/</c>: about a fifteenth of a step for a preview of the picture's size, a
        /// quarter of that for one of half its sides.
        /// </summary>
        Tiny = 2,
        /// <summary>The decoder of the picture: one to two steps. None is made after the last evaluation.</summary>
        Full = 3,
    }

    /// <summary>How the text of a prompt is read.</summary>
    /// <remarks>
    /// With either, syntax that other tools know is not followed: <c>&lt;lora:…&gt;</c>, <c>[a:b:0.5]</c>, <c>[a|b]</c>, AND,
    /// <c>embedding:…</c>, <c>{a|b}</c>. It is read as text, a warning in the log names every place, and
    /// <see cref="PromptInfo.NotFollowed"/> counts them.
    /// </remarks>
    public enum PromptSyntax
    {
        /// <summary>As it stands, and cut off where the model ends to read: exactly as diffusers.</summary>
        Plain = 0,
        /// <summary>
        /// As AUTOMATIC1111's web UI reads it: <c>(word)</c> counts 1.1 times, <c>[word]</c> 1.1 times less,
        /// <c>(word:1.3)</c> as it says, a backslash makes a bracket literal, BREAK begins a new chunk, and texts may be
        /// of any length. A weight is -100 to 100, and at most 64 brackets of a kind may be open at once; what is beyond is
        /// refused. <c>&lt;name:…&gt;</c> in the text is left out.
        /// </summary>
        Weighted = 1,
    }

    /// <summary>How a model's weights are kept in memory.</summary>
    public enum Weights
    {
        /// <summary>Repacked, or mapped where that keeps the memory budget.</summary>
        Auto = 0,
        /// <summary>Copied into the order in which they are computed with: the fastest steps, the longest
        /// loading.</summary>
        Repacked = 1,
        /// <summary>
        /// Used in place from the files, which are mapped into memory: they load at once and contexts share them. Steps
        /// take some percent longer. While the context lives, nothing may write into the files.
        /// </summary>
        Mapped = 2,
    }

    /// <summary>How much a line of the log matters.</summary>
    public enum LogLevel
    {
        /// <summary>Something that a developer may want to know.</summary>
        Info = 0,
        /// <summary>Something that works, but not as asked.</summary>
        Warning = 1,
        /// <summary>Something that failed.</summary>
        Error = 2,
    }

    /// <summary>How urgent a context's threads are to the operating system.</summary>
    public enum Priority
    {
        /// <summary>They compute with what others leave: <c>SCHED_IDLE</c> on Linux, <c>THREAD_PRIORITY_LOWEST</c> on
        /// Windows.</summary>
        Background = -1,
        /// <summary>As urgent as ordinary threads.</summary>
        Normal = 0,
        /// <summary>More urgent than ordinary threads: a nice value lower by 5 on Linux,
        /// <c>THREAD_PRIORITY_ABOVE_NORMAL</c> on Windows.</summary>
        High = 1,
    }

    /// <summary>Which edges of pictures match, so that they tile as textures.</summary>
    [Flags]
    public enum Seamless : uint
    {
        /// <summary>None.</summary>
        None = 0,
        /// <summary>The left edge goes on at the right one.</summary>
        X = 1,
        /// <summary>The upper edge goes on at the lower one.</summary>
        Y = 2,
    }

    /// <summary>What a model can do besides text-to-image.</summary>
    [Flags]
    public enum Features : uint
    {
        /// <summary>Nothing.</summary>
        None = 0,
        /// <summary>Generations can start from a picture and repaint parts of it.</summary>
        Pictures = 1,
        /// <summary>The model was trained to repaint: its generations need a picture and a mask.</summary>
        Inpainting = 2,
        /// <summary>Prompts may set <see cref="PromptOptions.ClipSkip"/>.</summary>
        ClipSkip = 4,
        /// <summary>
        /// A consistency model, which takes the guidance scale as an input. Negative texts do not count, and a step costs
        /// one evaluation whatever the scale.
        /// </summary>
        EmbeddedGuidance = 8,
        /// <summary>There is a tiny decoder, which makes previews (<see cref="PreviewSource.Tiny"/>).</summary>
        TinyDecoder = 16,
    }
}
