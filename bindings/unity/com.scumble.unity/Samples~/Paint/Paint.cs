using Scumble;
using UnityEngine;

/// <summary>
/// Type, and a picture of it grows on a quad in front of the camera. Add this to an empty object of a new scene, and
/// put the model's folder into Assets/StreamingAssets.
/// </summary>
public sealed class Paint : MonoBehaviour
{
    [Tooltip("A model's folder, relative to StreamingAssets.")]
    public string model = "emblem";

    const float Pause = 0.4f; // seconds without a key before a picture is begun

    ScumbleContext context;
    ScumblePainter painter;
    string text = "a red apple, 3d style, on a blue background";
    float begin;

    void Start()
    {
        context = gameObject.AddComponent<ScumbleContext>();
        context.Model = model;
        var quad = GameObject.CreatePrimitive(PrimitiveType.Quad);
        var eye = Camera.main.transform;
        quad.transform.position = eye.position + eye.forward * 2;
        painter = gameObject.AddComponent<ScumblePainter>();
        painter.Context = context;
        painter.Target = quad.GetComponent<Renderer>();
    }

    void OnGUI()
    {
        var typed = GUILayout.TextField(text, GUILayout.Width(500));
        if (typed != text) begin = Time.unscaledTime + Pause;
        text = typed;
        GUILayout.Label(context.State == ScumbleState.Failed ? context.Failure.Message : context.State.ToString());
    }

    void Update()
    {
        if (begin < 0 || Time.unscaledTime < begin) return;
        begin = -1;
        painter.Paint(text);
    }
}
