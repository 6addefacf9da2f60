using System.Linq;
using System.Threading.Tasks;
using Fake;
using Scumble;
using UnityEngine;

/// Two components, two pictures each, all at once.
static class Several
{
    public static void Run(Place place)
    {
        EditorLoop.Play(typeof(ScumbleContext).Assembly);
        ScumbleContext one = Apple.Context(), other = Apple.Context();
        var tasks = new[] { one, other, one, other }.Select(context => context.PaintAsync(Apple.Text, Apple.Options)).ToArray();
        var all = Task.WhenAll(tasks);
        Frames.Until(() => all.IsCompleted);
        Check.Equal(4, all.Result.Distinct().Count());
        foreach (var picture in all.Result)
        {
            Apple.Compare(place, picture);
            Object.Destroy(picture);
        }

        // One goes; the other does not care.
        var observer = new Observer();
        Task<Texture2D> leaving = one.PaintAsync(Apple.Text, Apple.Endless, null, observer), staying = other.PaintAsync(Apple.Text, Apple.Options);
        Frames.Until(() => observer.Reports > 0);
        Object.Destroy(one);
        Check.Cancelled(leaving);
        Frames.Until(() => staying.IsCompleted);
        Apple.Compare(place, staying.Result);
        Object.Destroy(staying.Result);
        EditorLoop.Stop();
        Check.Clean();
    }
}
