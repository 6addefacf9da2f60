using System;
using System.Threading;
using UnityEditor;
using UnityEngine;

namespace Scumble.Editor
{
    /// <summary>
    /// The inspector of a context: what the model is and what it does, and a picture to try it with, also while the game
    /// does not run. What was loaded for that goes when something else is selected.
    /// </summary>
    [CustomEditor(typeof(ScumbleContext))]
    internal sealed class ScumbleContextEditor : UnityEditor.Editor, IProgress<Painting>
    {
        const float PictureHeight = 256;

        string prompt = "a red apple, 3d style, on a blue background";
        CancellationTokenSource running;
        Texture2D picture;
        float fraction;
        string problem;

        ScumbleContext Context
        {
            get { return (ScumbleContext)target; }
        }

        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            EditorGUILayout.Space();
            DrawState();
            EditorGUILayout.Space();
            prompt = EditorGUILayout.TextField("Prompt", prompt);
            if (running != null) EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(false, 18), fraction, fraction.ToString("P0"));
            if (problem != null) EditorGUILayout.HelpBox(problem, MessageType.Error);
            if (picture != null)
                GUI.DrawTexture(EditorGUILayout.GetControlRect(false, PictureHeight), picture, ScaleMode.ScaleToFit);
            // Last, since it changes what is drawn above, and an event must find what was laid out before it.
            if (!GUILayout.Button(running == null ? "Paint" : "Cancel")) return;
            if (running == null) Paint();
            else running.Cancel();
        }

        public override bool RequiresConstantRepaint()
        {
            return running != null || Context.State == ScumbleState.Copying || Context.State == ScumbleState.Loading;
        }

        void IProgress<Painting>.Report(Painting painting)
        {
            fraction = painting.Fraction;
            if (painting.Texture == null || picture == painting.Texture) return;
            Discard();
            picture = painting.Texture;
        }

        void OnEnable()
        {
            EditorApplication.update += Turn;
        }

        void OnDisable()
        {
            EditorApplication.update -= Turn;
            if (running != null) running.Cancel();
            if (!Application.isPlaying) Context.Unload();
            Discard();
        }

        // While the game does not run, its components are not updated.
        void Turn()
        {
            if (!Application.isPlaying) Context.Turn();
        }

        void DrawState()
        {
            var state = Context.State;
            EditorGUILayout.LabelField("State", state == ScumbleState.Copying ? "Copying, " + Context.CopyProgress.ToString("P0") : state.ToString());
            if (state == ScumbleState.Failed) EditorGUILayout.HelpBox(Context.Failure.Message, MessageType.Error);
            if (state != ScumbleState.Ready) return;
            var info = Context.Context.GetInfo();
            var bytes = info.TextEncoderBytes + info.UnetBytes + info.VaeBytes + info.ControlNetBytes;
            EditorGUILayout.LabelField("Loaded model", info.Model + ", " + info.Family + ", " + info.Width + " x " + info.Height);
            EditorGUILayout.LabelField("Device", info.Device + ", " + info.DeviceName);
            EditorGUILayout.LabelField("Memory", bytes / 1000000 + " MB");
            EditorGUILayout.LabelField("Pictures in progress", Context.PaintingCount.ToString());
        }

        async void Paint()
        {
            var mine = running = new CancellationTokenSource();
            fraction = 0;
            problem = null;
            try
            {
                await Context.PaintAsync(prompt, new GenerationOptions { PreviewEvery = 1 }, null, this, mine.Token);
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception error)
            {
                problem = error.Message;
            }
            finally
            {
                running = null;
            }
        }

        void Discard()
        {
            if (picture != null) DestroyImmediate(picture);
        }
    }
}
