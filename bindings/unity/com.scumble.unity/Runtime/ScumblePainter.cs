using System;
using System.Threading;
using UnityEngine;
using UnityEngine.Events;

namespace Scumble
{
    /// <summary>
    /// Paints on a material, live: what a prompt shows grows on it. For scenes that are wired in the editor: connect an
    /// input field to <see cref="Paint"/>, a slider to <see cref="Progressed"/>. From code there is more:
    /// <see cref="ScumbleContext"/>.
    /// </summary>
    [AddComponentMenu("Scumble/Scumble Painter")]
    public sealed class ScumblePainter : MonoBehaviour, IProgress<Painting>
    {
        [SerializeField, Tooltip("The model that paints.")]
        ScumbleContext context;

        [SerializeField, Tooltip("Whose material shows the picture; none: connect Shown.")]
        Renderer target;

        [SerializeField, Tooltip("What pictures shall not show.")]
        string negativeText = "";

        [SerializeField, Min(0), Tooltip("Size in pixels; 0: the model's.")]
        int width, height;

        [SerializeField, Min(0), Tooltip("Steps of the scheduler; 0: the model's.")]
        int steps;

        [SerializeField, Tooltip("The same seed gives the same image; -1: another each time.")]
        long seed = -1;

        [SerializeField, Min(0), Tooltip("Show a preview after every so many steps; 0: never.")]
        int previewEvery = 1;

        [SerializeField, Tooltip("There is a texture to show. What it shows changes while a picture grows.")]
        UnityEvent<Texture> shown = new UnityEvent<Texture>();

        [SerializeField, Tooltip("How far the picture is, 0 to 1.")]
        UnityEvent<float> progressed = new UnityEvent<float>();

        [SerializeField, Tooltip("The picture is finished.")]
        UnityEvent<Texture2D> painted = new UnityEvent<Texture2D>();

        [SerializeField, Tooltip("The picture failed, with what is wrong.")]
        UnityEvent<string> failed = new UnityEvent<string>();

        CancellationTokenSource running;
        Texture2D canvas;
        Texture before; // what the material showed
        bool isShown;

        /// <summary>The model that paints.</summary>
        public ScumbleContext Context
        {
            get { return context; }
            set { context = value; }
        }

        /// <summary>Whose material shows the picture: null if none does.</summary>
        public Renderer Target
        {
            get { return target; }
            set { target = value; }
        }

        /// <summary>What pictures shall not show.</summary>
        public string NegativeText
        {
            get { return negativeText; }
            set { negativeText = value; }
        }

        /// <summary>Width in pixels; 0: the model's.</summary>
        public int Width
        {
            get { return width; }
            set { width = value; }
        }

        /// <summary>Height in pixels; 0: the model's.</summary>
        public int Height
        {
            get { return height; }
            set { height = value; }
        }

        /// <summary>Steps of the scheduler; 0: the model's.</summary>
        public int Steps
        {
            get { return steps; }
            set { steps = value; }
        }

        /// <summary>The same seed gives the same image; -1: another each time.</summary>
        public long Seed
        {
            get { return seed; }
            set { seed = value; }
        }

        /// <summary>A preview is shown after every so many UNet evaluations; 0: never.</summary>
        public int PreviewEvery
        {
            get { return previewEvery; }
            set { previewEvery = value; }
        }

        /// <summary>There is a texture to show. What it shows changes while a picture grows.</summary>
        public UnityEvent<Texture> Shown
        {
            get { return shown; }
        }

        /// <summary>How far the picture is, 0 to 1.</summary>
        public UnityEvent<float> Progressed
        {
            get { return progressed; }
        }

        /// <summary>The picture is finished. Its texture is the painter's, and the next picture goes into it.</summary>
        public UnityEvent<Texture2D> Painted
        {
            get { return painted; }
        }

        /// <summary>The picture failed, with what is wrong. That is logged, too.</summary>
        public UnityEvent<string> Failed
        {
            get { return failed; }
        }

        /// <summary>Whether a picture is being painted.</summary>
        public bool IsPainting
        {
            get { return running != null; }
        }

        /// <summary>Paints a picture in place of the one that is being painted.</summary>
        public async void Paint(string prompt)
        {
            Cancel();
            var mine = running = new CancellationTokenSource();
            try
            {
                if (context == null) throw new InvalidOperationException("the ScumblePainter of \"" + name + "\" has no ScumbleContext");
                await context.LoadAsync();
                if (context.Context == null) throw new OperationCanceledException("the ScumbleContext was disabled meanwhile");
                Prepare(context.Context.GetInfo());
                var picture = await context.PaintAsync(new PromptOptions(prompt, negativeText), Options(), canvas, this, mine.Token);
                if (mine.IsCancellationRequested) return;
                running = null;
                painted.Invoke(picture);
            }
            catch (OperationCanceledException)
            {
                if (running == mine) running = null;
            }
            catch (Exception error)
            {
                if (running == mine) running = null;
                Debug.LogException(error, this);
                failed.Invoke(error.Message);
            }
        }

        /// <summary>Ends the picture that is being painted. What is shown of it stays.</summary>
        public void Cancel()
        {
            if (running != null) running.Cancel();
            running = null;
        }

        void IProgress<Painting>.Report(Painting painting)
        {
            if (painting.Texture != null) Show();
            progressed.Invoke(painting.Fraction);
        }

        void OnDisable()
        {
            Cancel();
        }

        void OnDestroy()
        {
            Discard();
        }

        GenerationOptions Options()
        {
            return new GenerationOptions
            {
                Width = width > 0 ? width : (int?)null,
                Height = height > 0 ? height : (int?)null,
                Steps = steps > 0 ? steps : (int?)null,
                Seed = seed == -1 ? null : (ulong?)unchecked((ulong)seed),
                PreviewEvery = previewEvery
            };
        }

        // One texture for all pictures of a size: the next one grows over the last.
        void Prepare(ContextInfo info)
        {
            int wide = width > 0 ? width : info.Width, high = height > 0 ? height : info.Height;
            if (canvas != null && canvas.width == wide && canvas.height == high) return;
            Discard();
            canvas = TexturePixels.Create(wide, high, info.Seamless);
        }

        void Show()
        {
            if (isShown) return;
            isShown = true;
            if (target != null)
            {
                before = target.material.mainTexture;
                target.material.mainTexture = canvas;
            }
            shown.Invoke(canvas);
        }

        void Discard()
        {
            if (isShown && target != null) target.material.mainTexture = before;
            isShown = false;
            if (canvas != null) Destroy(canvas);
        }
    }
}
