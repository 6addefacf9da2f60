using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using UnityEngine;

namespace Scumble
{
    /// <summary>Whether a <see cref="ScumbleContext"/> can paint.</summary>
    public enum ScumbleState
    {
        /// <summary>There is no model.</summary>
        Unloaded,
        /// <summary>The model is copied out of the application's archive: on Android, once.</summary>
        Copying,
        /// <summary>The model is being loaded.</summary>
        Loading,
        /// <summary>It can paint.</summary>
        Ready,
        /// <summary>The model could not be loaded; <see cref="ScumbleContext.Failure"/> tells why.</summary>
        Failed
    }

    /// <summary>
    /// A model that paints pictures while the game goes on: loaded when the component is enabled, given back when it is
    /// disabled or destroyed. Nothing here waits: work is done by the library's own thread, and looked at once a frame.
    /// All of it belongs to the main thread.
    /// </summary>
    [AddComponentMenu("Scumble/Scumble Context")]
    public sealed class ScumbleContext : MonoBehaviour
    {
        [SerializeField, Tooltip("The model's folder: in StreamingAssets, or an absolute path.")]
        string model = "emblem";

        [SerializeField, Tooltip("Load the model when the component is enabled, rather than when the first picture is asked for.")]
        bool loadOnEnable = true;

        [SerializeField, Tooltip("Where to run, such as cpu or cuda:0; empty: the best there is.")]
        string device = "";

        [SerializeField, Min(0), Tooltip("Threads that compute; 0: half of the machine's.")]
        int threads;

        [SerializeField, Tooltip("How urgent its threads are to the operating system.")]
        Priority priority = Priority.Normal;

        [SerializeField, Range(0.05f, 1), Tooltip("How much of its time the painting thread may be busy.")]
        float pace = 1;

        [SerializeField, Min(0), Tooltip("The most memory that it may take, in megabytes; 0: no limit.")]
        int memoryBudget;

        [SerializeField, Tooltip("Which edges of its pictures match, so that they tile as textures.")]
        Seamless seamless;

        static readonly Predicate<Painting> IsEnded = painting => painting.IsEnded;

        readonly List<Painting> paintings = new List<Painting>();
        TaskCompletionSource<bool> loading;
        IEnumerator<float> copying;
        string folder;
        Context context;
        bool loadIsDue;

        /// <summary>
        /// The model's folder, as it counts for the next load. A relative path is one in StreamingAssets, of which
        /// Android's are copied to the persistent data first.
        /// </summary>
        public string Model
        {
            get { return model; }
            set { model = value; }
        }

        /// <summary>Whether the model is loaded as soon as the component is enabled.</summary>
        public bool LoadOnEnable
        {
            get { return loadOnEnable; }
            set { loadOnEnable = value; }
        }

        /// <summary>Where the next load runs: <see cref="DeviceInfo.Device"/>; empty: the best there is.</summary>
        public string Device
        {
            get { return device; }
            set { device = value; }
        }

        /// <summary>Threads that compute, for the next load; 0: half of the machine's.</summary>
        public int Threads
        {
            get { return threads; }
            set { threads = value; }
        }

        /// <summary>The most memory that the next load may take, in megabytes; 0: no limit.</summary>
        public int MemoryBudget
        {
            get { return memoryBudget; }
            set { memoryBudget = value; }
        }

        /// <summary>Which edges of pictures match, for the next load.</summary>
        public Seamless Seamless
        {
            get { return seamless; }
            set { seamless = value; }
        }

        /// <summary>How urgent its threads are to the operating system; in force at once.</summary>
        public Priority Priority
        {
            get { return priority; }
            set
            {
                if (context != null) context.SetPriority(value);
                priority = value;
            }
        }

        /// <summary>How much of its time the painting thread may be busy: more than 0 up to 1; in force at once.</summary>
        public float Pace
        {
            get { return pace; }
            set
            {
                if (context != null) context.SetPace(value);
                pace = value;
            }
        }

        /// <summary>Whether it can paint.</summary>
        public ScumbleState State { get; private set; }

        /// <summary>How much of the model is copied out of the application's archive, 0 to 1.</summary>
        public float CopyProgress { get; private set; }

        /// <summary>Why the model could not be loaded; null if it could.</summary>
        public Exception Failure { get; private set; }

        /// <summary>
        /// The loaded model, for what this component does not do: prompts that are kept and blended, memory that is given
        /// back between levels. Null unless <see cref="State"/> is Ready. It stays the component's: do not dispose of it.
        /// </summary>
        public Context Context
        {
            get { return State == ScumbleState.Ready ? context : null; }
        }

        /// <summary>Pictures that are being painted, or wait for the model.</summary>
        public int PaintingCount
        {
            get { return paintings.Count; }
        }

        /// <summary>Begins to load the model, if that is not done; ends when it is loaded.</summary>
        /// <exception cref="OperationCanceledException">The component was disabled or destroyed meanwhile.</exception>
        /// <exception cref="ScumbleException">The model cannot be loaded.</exception>
        /// <exception cref="System.IO.IOException">The model could not be copied out of the application's archive.</exception>
        public Task LoadAsync()
        {
            if (State == ScumbleState.Unloaded || State == ScumbleState.Failed) BeginLoading();
            return loading.Task;
        }

        /// <summary>Paints a picture. Loads the model first if that is not done.</summary>
        /// <param name="prompt">What the picture shall show.</param>
        /// <param name="options">
        /// What shall not be the model's default: size, steps, seed, scheduler, a picture to start from. Read when the
        /// picture is begun: at once if the model is loaded. <see cref="GenerationOptions.PreviewEvery"/> asks for previews,
        /// which are of the picture's size.
        /// </param>
        /// <param name="into">
        /// A texture to paint into: readable, RGBA32, of the picture's size. Null: a new one.
        /// </param>
        /// <param name="progress">Told in the frame in which something is new, the end included.</param>
        /// <param name="cancellationToken">Ends the painting with the next frame.</param>
        /// <returns>
        /// The texture, which is the caller's to destroy. One that was made for a picture that is cancelled or fails is
        /// destroyed.
        /// </returns>
        /// <exception cref="OperationCanceledException">
        /// It was cancelled: by the token, or since the component was disabled or destroyed.
        /// </exception>
        /// <exception cref="ScumbleException">What <see cref="LoadAsync"/> throws; an option is not allowed.</exception>
        public Task<Texture2D> PaintAsync(string prompt, GenerationOptions options = null, Texture2D into = null,
            IProgress<Painting> progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return PaintAsync(new PromptOptions(prompt), options, into, progress, cancellationToken);
        }

        /// <summary>Likewise, of a prompt with options: a negative text, weights.</summary>
        public Task<Texture2D> PaintAsync(PromptOptions prompt, GenerationOptions options = null, Texture2D into = null,
            IProgress<Painting> progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Paint(new Painting(loaded => loaded.CreatePrompt(prompt), true, options, into, progress, cancellationToken));
        }

        /// <summary>Likewise, of a prompt of <see cref="Context"/> that is kept: its text is not encoded again.</summary>
        public Task<Texture2D> PaintAsync(Prompt prompt, GenerationOptions options = null, Texture2D into = null,
            IProgress<Painting> progress = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Paint(new Painting(loaded => prompt, false, options, into, progress, cancellationToken));
        }

        /// <summary>Cancels all pictures and gives the model back. It can be loaded again.</summary>
        public void Unload()
        {
            foreach (var painting in paintings) painting.Cancel();
            GiveBack(ScumbleState.Unloaded);
            if (loading != null) loading.TrySetCanceled();
        }

        /// <summary>Looks what is new: once a frame.</summary>
        internal void Turn()
        {
            try
            {
                if (State == ScumbleState.Copying) TurnCopying();
                else if (State == ScumbleState.Loading && context.Poll()) BeReady();
            }
            catch (Exception error)
            {
                Fail(error);
            }
            // A report may begin or cancel others.
            for (var i = 0; i < paintings.Count; i++) paintings[i].Turn();
            paintings.RemoveAll(IsEnded);
        }

        void OnEnable()
        {
            // Not yet: whoever adds the component sets its properties first.
            loadIsDue = loadOnEnable;
        }

        void Update()
        {
            if (loadIsDue) LoadAndLog();
            Turn();
        }

        void OnDisable()
        {
            loadIsDue = false;
            Unload();
        }

        void OnValidate()
        {
            if (context == null) return;
            context.SetPriority(priority);
            context.SetPace(pace);
        }

        async void LoadAndLog()
        {
            loadIsDue = false;
            try
            {
                await LoadAsync();
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception error)
            {
                Debug.LogException(error, this);
            }
        }

        Task<Texture2D> Paint(Painting painting)
        {
            if (State == ScumbleState.Unloaded) BeginLoading();
            if (State == ScumbleState.Ready) painting.Begin(context);
            else if (State == ScumbleState.Failed) painting.Fail(Failure);
            if (!painting.IsEnded) paintings.Add(painting);
            return painting.Task;
        }

        void BeginLoading()
        {
            if (!enabled || !gameObject.activeInHierarchy)
                throw new InvalidOperationException("the ScumbleContext of \"" + name + "\" is disabled, so nothing would be loaded");
            loading = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            loadIsDue = false;
            Failure = null;
            CopyProgress = 0;
            Ending.Add(this);
            try
            {
                bool toBeCopied;
                folder = ModelFolder.Find(model, out toBeCopied);
                if (!toBeCopied) Open();
                else
                {
                    copying = ModelFolder.Copy(model, folder);
                    State = ScumbleState.Copying;
                }
            }
            catch (Exception error)
            {
                Fail(error);
            }
        }

        void TurnCopying()
        {
            if (copying.MoveNext())
            {
                CopyProgress = copying.Current;
                return;
            }
            CopyProgress = 1;
            copying = null;
            Open();
        }

        void Open()
        {
            context = Context.Create(new ContextOptions(folder)
            {
                Device = string.IsNullOrEmpty(device) ? null : device,
                Threads = threads > 0 ? threads : (int?)null,
                Priority = priority,
                Seamless = seamless,
                MemoryBudget = (ulong)memoryBudget * 1000000
            });
            context.SetPace(pace);
            State = ScumbleState.Loading;
        }

        void BeReady()
        {
            State = ScumbleState.Ready;
            loading.TrySetResult(true);
            foreach (var painting in paintings) painting.Begin(context);
        }

        void Fail(Exception error)
        {
            Failure = error;
            foreach (var painting in paintings) painting.Fail(error);
            GiveBack(ScumbleState.Failed);
            loading.TrySetException(error);
        }

        void GiveBack(ScumbleState after)
        {
            Ending.Remove(this);
            paintings.Clear();
            if (copying != null) copying.Dispose();
            copying = null;
            if (context != null) context.Dispose();
            context = null;
            State = after;
        }
    }
}
