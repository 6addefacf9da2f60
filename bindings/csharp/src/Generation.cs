using System;
using System.Threading;
using System.Threading.Tasks;
#if SCUMBLE_SPAN
using System.Runtime.InteropServices;
#endif

namespace Scumble
{
    /// <summary>One picture in progress. It keeps its prompt and the model.</summary>
    /// <remarks>
    /// Every method may be called from any thread; <see cref="Start"/>, <see cref="TryStep"/> and <see cref="TryDecode"/> by
    /// one at a time.
    /// </remarks>
    public sealed class Generation : IDisposable
    {
        private readonly GenerationHandle handle;
        private readonly Polling polling;
        private readonly GenerationInfo info;

        internal Generation(GenerationHandle handle, Polling polling)
        {
            this.handle = handle;
            this.polling = polling;
            info = GetInfo();
        }

        /// <summary>What it paints: sizes, the seed, steps. It never changes.</summary>
        public GenerationInfo Info
        {
            get { return info; }
        }

        private unsafe GenerationInfo GetInfo()
        {
            var filled = new GenerationInfo { structSize = (uint)sizeof(GenerationInfo) };
            ScumbleException.Check(NativeMethods.scumble_generation_get_info(handle, &filled));
            return filled;
        }

        /// <summary>Starts it, and ends when the picture is there. To cancel ends the generation.</summary>
        /// <param name="progress">
        /// Told by the poll that finds a new phase, evaluation, preview or pause, the end included; what changes more often
        /// than it is polled is missed. <see cref="Progress{T}"/> passes reports on to the synchronization context that it was
        /// made in; where there is none they may come late and out of order.
        /// </param>
        /// <param name="cancellationToken">Looked at with every poll.</param>
        /// <exception cref="ScumbleException">It failed, or was started before.</exception>
        /// <exception cref="OperationCanceledException">
        /// It was cancelled, by the token, <see cref="Cancel"/>, <see cref="Dispose"/> or a shutdown.
        /// </exception>
        public async Task RunAsync(
            IProgress<GenerationProgress> progress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            if (!cancellationToken.IsCancellationRequested) Start();
            var last = default(GenerationProgress);
            for (;;)
            {
                if (cancellationToken.IsCancellationRequested) Cancel();
                var now = Polling.Ask(Poll);
                if (progress != null && now.DiffersFrom(last)) progress.Report(now);
                if (now.IsFinished) break;
                last = now;
                await polling.NextAsync();
            }
            try
            {
                ThrowIfFailed();
            }
            catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(error.Message, error, cancellationToken);
            }
        }

        /// <summary>
        /// Lets the context's thread paint the picture and returns at once. Generations of one context take turns, one UNet
        /// evaluation each.
        /// </summary>
        public void Start()
        {
            ScumbleException.Check(NativeMethods.scumble_generation_start(handle));
        }

        /// <summary>How far it is. Costs microseconds, allocates nothing, and never waits for the computation.</summary>
        public unsafe GenerationProgress Poll()
        {
            var progress = new GenerationProgress { structSize = (uint)sizeof(GenerationProgress) };
            ScumbleException.Check(NativeMethods.scumble_generation_poll(handle, &progress));
            return progress;
        }

        /// <summary>Blocks until the picture is there.</summary>
        /// <exception cref="ScumbleException">It failed, or was not started.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public void Wait()
        {
            Wait(Timeout.InfiniteTimeSpan);
        }

        /// <summary>Blocks until the picture is there, no longer than a given time.</summary>
        /// <returns>False while it is not there.</returns>
        /// <exception cref="ScumbleException">It failed, or was not started.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public bool Wait(TimeSpan timeout)
        {
            bool done = Library.Waited(NativeMethods.scumble_generation_wait(handle.Key, Milliseconds.Timeout(timeout)));
            GC.KeepAlive(this);
            return done;
        }

        /// <summary>
        /// Ends it: what computes for it stops between two operators of the model. The preview that is there can still be
        /// read. Does nothing when it is done or failed.
        /// </summary>
        public void Cancel()
        {
            ScumbleException.Check(NativeMethods.scumble_generation_cancel(handle));
        }

        /// <summary>
        /// Pauses it once it was started: the context's thread takes no further turn with it, and goes on with others. Does
        /// nothing when it is paused already, or has ended.
        /// </summary>
        public void Pause()
        {
            ScumbleException.Check(NativeMethods.scumble_generation_pause(handle));
        }

        /// <summary>Lets it go on: its picture is the same as if it had never paused.</summary>
        public void Resume()
        {
            ScumbleException.Check(NativeMethods.scumble_generation_resume(handle));
        }

        /// <summary>Throws why it failed, or that it was cancelled. Does nothing otherwise.</summary>
        /// <exception cref="ScumbleException">It failed.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public void ThrowIfFailed()
        {
            ScumbleException.Check(NativeMethods.scumble_generation_error(handle));
        }

        /// <summary>
        /// By hand: evaluates the UNet once, on the calling thread. When all evaluations are done, <see cref="TryDecode"/> is
        /// next. This call computes.
        /// </summary>
        /// <param name="left">How many evaluations are left; not known (-1) when it answers false.</param>
        /// <returns>
        /// False at once when the model computes for somebody else or the prompt is not encoded yet; then nothing has changed.
        /// </returns>
        /// <exception cref="ScumbleException">It was started, all evaluations are done, or it failed.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public unsafe bool TryStep(out int left)
        {
            int after = -1;
            Status status = NativeMethods.scumble_generation_step(handle.Key, &after);
            GC.KeepAlive(this);
            left = after;
            if (status == Status.Busy || status == Status.NotReady) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>
        /// Manually: decodes the finished latents, on the calling thread; also when decoding them has failed. This call
        /// computes.
        /// </summary>
        /// <returns>False at once when the model computes for somebody else; then nothing has changed.</returns>
        /// <exception cref="ScumbleException">It was started, evaluations are left, or it failed.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public bool TryDecode()
        {
            Status status = NativeMethods.scumble_generation_decode(handle.Key);
            GC.KeepAlive(this);
            if (status == Status.Busy) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>Copies the finished picture into a new array.</summary>
        /// <exception cref="ScumbleException"><see cref="Status.Empty"/> when it is not there yet.</exception>
        public byte[] ReadImage(PixelLayout layout = default(PixelLayout))
        {
            var pixels = new byte[layout.SizeOf(info.Width, info.Height)];
            ReadImage(pixels, layout);
            return pixels;
        }

        /// <summary>Copies the finished picture into an array. Never waits for the computation.</summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.Empty"/> when it is not there yet; <see cref="Status.BufferTooSmall"/>.
        /// </exception>
        public unsafe void ReadImage(byte[] pixels, PixelLayout layout = default(PixelLayout))
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
            fixed (byte* memory = pixels) ReadImage((IntPtr)memory, pixels.LongLength, layout);
        }

        /// <summary>Likewise, as floats: four a pixel, 0 to 1.</summary>
        public unsafe void ReadImage(float[] pixels, bool bottomUp = false)
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
            fixed (float* memory = pixels)
            {
                ReadImage((IntPtr)memory, pixels.LongLength * sizeof(float), new PixelLayout(PixelFormat.Rgba32F, bottomUp));
            }
        }

        /// <summary>Likewise, into memory of <paramref name="size"/> bytes.</summary>
        public void ReadImage(IntPtr pixels, long size, PixelLayout layout = default(PixelLayout))
        {
            ScumbleException.Check(Read(ImageSource.Final, layout.Describe(info.Width, info.Height, pixels, size)));
        }

        /// <summary>
        /// Copies the latest preview into an array. Never waits for the computation; a preview is of the size that
        /// <see cref="Info"/> tells.
        /// </summary>
        /// <returns>False when there is none yet, and then nothing is written.</returns>
        /// <exception cref="ScumbleException">It makes no previews; <see cref="Status.BufferTooSmall"/>.</exception>
        public unsafe bool TryReadPreview(byte[] pixels, PixelLayout layout = default(PixelLayout))
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
            fixed (byte* memory = pixels) return TryReadPreview((IntPtr)memory, pixels.LongLength, layout);
        }

        /// <summary>Likewise, as floats: four a pixel, 0 to 1.</summary>
        public unsafe bool TryReadPreview(float[] pixels, bool bottomUp = false)
        {
            if (pixels == null) throw new ArgumentNullException(nameof(pixels));
            fixed (float* memory = pixels)
            {
                return TryReadPreview(
                    (IntPtr)memory, pixels.LongLength * sizeof(float), new PixelLayout(PixelFormat.Rgba32F, bottomUp));
            }
        }

        /// <summary>Likewise, into memory of <paramref name="size"/> bytes.</summary>
        public bool TryReadPreview(IntPtr pixels, long size, PixelLayout layout = default(PixelLayout))
        {
            Status status = Read(
                ImageSource.Preview, layout.Describe(info.PreviewWidth, info.PreviewHeight, pixels, size));
            if (status == Status.Empty) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>
        /// Copies the latents as the last evaluation left them into a new array: channels, rows, columns, as
        /// <see cref="Info"/> tells. Never waits for the computation.
        /// </summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.Empty"/> before the first evaluation is done; <see cref="Status.WrongState"/> where those of a
        /// finished image were not to be kept (<see cref="GenerationOptions.KeepLatents"/>).
        /// </exception>
        public float[] ReadLatents()
        {
            var latents = new float[info.LatentCount];
            ReadLatents(latents);
            return latents;
        }

        /// <summary>Likewise, into an array of <see cref="GenerationInfo.LatentCount"/> floats or more.</summary>
        public unsafe void ReadLatents(float[] latents)
        {
            if (latents == null) throw new ArgumentNullException(nameof(latents));
            fixed (float* memory = latents)
            {
                ulong count = (ulong)latents.LongLength;
                ScumbleException.Check(NativeMethods.scumble_generation_read_latents(handle, memory, count));
            }
        }

#if SCUMBLE_SPAN
        /// <summary>Copies the finished picture into a span. Never waits for the computation.</summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.Empty"/> when it is not there yet; <see cref="Status.BufferTooSmall"/>.
        /// </exception>
        public unsafe void ReadImage(Span<byte> pixels, PixelLayout layout = default(PixelLayout))
        {
            fixed (byte* memory = &MemoryMarshal.GetReference(pixels))
            {
                ReadImage((IntPtr)memory, pixels.Length, layout);
            }
        }

        /// <summary>Copies the latest preview into a span. Never waits for the computation.</summary>
        /// <returns>False when there is none yet, and then nothing is written.</returns>
        /// <exception cref="ScumbleException">It makes no previews; <see cref="Status.BufferTooSmall"/>.</exception>
        public unsafe bool TryReadPreview(Span<byte> pixels, PixelLayout layout = default(PixelLayout))
        {
            fixed (byte* memory = &MemoryMarshal.GetReference(pixels))
            {
                return TryReadPreview((IntPtr)memory, pixels.Length, layout);
            }
        }
#endif

        private unsafe Status Read(ImageSource source, ImageDesc image)
        {
            return NativeMethods.scumble_generation_read_image(handle, source, &image);
        }

        /// <summary>Gives it back. It is cancelled if it is not done. Never blocks.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
