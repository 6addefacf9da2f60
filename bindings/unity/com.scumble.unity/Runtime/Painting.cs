using System;
using System.Threading;
using System.Threading.Tasks;
using UnityEngine;
using Object = UnityEngine.Object;

namespace Scumble
{
    /// <summary>
    /// A picture in progress, as <see cref="ScumbleContext.PaintAsync(string, GenerationOptions, Texture2D,
    /// IProgress{Painting}, CancellationToken)"/> reports it. Main thread.
    /// </summary>
    public sealed class Painting
    {
        readonly Func<Context, Prompt> makePrompt;
        readonly bool ownsPrompt;
        readonly GenerationOptions options;
        readonly Texture2D into;
        readonly IProgress<Painting> observer;
        readonly CancellationToken cancellation;
        readonly TaskCompletionSource<Texture2D> end =
            new TaskCompletionSource<Texture2D>(TaskCreationOptions.RunContinuationsAsynchronously);

        Generation generation;
        Seamless seamless;

        internal Painting(Func<Context, Prompt> makePrompt, bool ownsPrompt, GenerationOptions options, Texture2D into,
            IProgress<Painting> observer, CancellationToken cancellation)
        {
            this.makePrompt = makePrompt;
            this.ownsPrompt = ownsPrompt;
            this.options = options;
            this.into = into;
            this.observer = observer;
            this.cancellation = cancellation;
        }

        /// <summary>
        /// What is there of the picture: its latest preview, at the end the picture itself. Always the same texture; null
        /// before there is anything to show.
        /// </summary>
        public Texture2D Texture { get; private set; }

        /// <summary>How far it is.</summary>
        public GenerationProgress Progress { get; private set; }

        /// <summary>How far it is, 0 to 1: evaluations of the UNet, and decoding as one more.</summary>
        public float Fraction
        {
            get { return Progress.Phase == Phase.Done ? 1 : (float)Progress.Evaluation / (Progress.Evaluations + 1); }
        }

        /// <summary>What is painted: sizes, the seed, the scheduler.</summary>
        public GenerationInfo Info { get; private set; }

        /// <summary>Lets it rest, and the context paint others meanwhile.</summary>
        public void Pause()
        {
            if (generation != null) generation.Pause();
        }

        /// <summary>Lets it go on.</summary>
        public void Resume()
        {
            if (generation != null) generation.Resume();
        }

        internal Task<Texture2D> Task
        {
            get { return end.Task; }
        }

        internal bool IsEnded
        {
            get { return end.Task.IsCompleted; }
        }

        /// <summary>Starts it. Whatever fails shows in the task.</summary>
        internal void Begin(Context context)
        {
            try
            {
                if (cancellation.IsCancellationRequested)
                {
                    Cancel();
                    return;
                }
                var prompt = makePrompt(context);
                try
                {
                    generation = prompt.CreateGeneration(options);
                }
                finally
                {
                    if (ownsPrompt) prompt.Dispose(); // the generation keeps what it needs
                }
                Info = generation.Info;
                seamless = context.GetInfo().Seamless;
                if (!ReferenceEquals(into, null)) TexturePixels.Check(into, Info.Width, Info.Height);
                if (Info.PreviewWidth != 0 && (Info.PreviewWidth != Info.Width || Info.PreviewHeight != Info.Height))
                    throw new ArgumentException("previews have " + Info.PreviewWidth + " x " + Info.PreviewHeight +
                        " pixels; expected those of the picture, since both go into one texture");
                generation.Start();
            }
            catch (Exception error)
            {
                Fail(error);
            }
        }

        /// <summary>Looks what is new: once a frame.</summary>
        internal void Turn()
        {
            if (cancellation.IsCancellationRequested) Cancel();
            if (IsEnded || generation == null) return;
            try
            {
                var now = generation.Poll();
                if (!now.DiffersFrom(Progress)) return;
                if (now.IsFinished)
                {
                    generation.ThrowIfFailed();
                    generation.ReadImage(Canvas());
                }
                else if (now.Previews != Progress.Previews)
                {
                    generation.TryReadPreview(Canvas());
                }
                Progress = now;
                Report();
                if (now.IsFinished) Finish();
            }
            catch (OperationCanceledException)
            {
                Cancel();
            }
            catch (Exception error)
            {
                Fail(error);
            }
        }

        internal void Cancel()
        {
            GiveBack();
            if (cancellation.IsCancellationRequested) end.TrySetCanceled(cancellation);
            else end.TrySetCanceled();
        }

        internal void Fail(Exception error)
        {
            GiveBack();
            end.TrySetException(error);
        }

        void Finish()
        {
            generation.Dispose();
            end.TrySetResult(Texture);
        }

        Texture2D Canvas()
        {
            if (ReferenceEquals(Texture, null)) Texture = into ?? TexturePixels.Create(Info.Width, Info.Height, seamless);
            return Texture;
        }

        void Report()
        {
            if (observer == null) return;
            try
            {
                observer.Report(this);
            }
            catch (Exception error)
            {
                Debug.LogException(error); // the picture is not to blame
            }
        }

        // A texture that was made for a picture that will not be is nobody's.
        void GiveBack()
        {
            if (IsEnded) return;
            if (generation != null) generation.Dispose();
            if (ReferenceEquals(into, null)) Discard(Texture);
        }

        internal static void Discard(Object it)
        {
            if (Application.isPlaying) Object.Destroy(it);
            else Object.DestroyImmediate(it);
        }
    }
}
