// The tests of the Unity package that need its components: "Tests.exe NAME MODELS PICTURE FOLDER" runs one of them.
// tests/unity_package.rs compiles and calls it.
using System;
using System.Collections.Generic;

static class Program
{
    static readonly Dictionary<string, Action<Place>> Tests = new Dictionary<string, Action<Place>>
    {
        { "painting", Paints.Run },
        { "textures", Textures.Run },
        { "cancelling", Cancelling.Run },
        { "disabling", Disabling.Run },
        { "errors", Errors.Run },
        { "several", Several.Run },
        { "allocations", Allocations.Run },
        { "painter", Painters.Run },
        { "playing", Playing.Run },
        { "reload", Reload.Run },
        { "archive", Archives.Run },
        { "inspector", Inspector.Run },
        { "sample", Sample.Run }
    };

    static int Main(string[] arguments)
    {
        try
        {
            var place = new Place { Models = arguments[1], Picture = arguments[2], Folder = arguments[3] };
            place.Begin();
            Tests[arguments[0]](place);
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            return 1;
        }
    }
}

/// What the tests find where.
[Serializable]
sealed class Place
{
    /// The folder that stands for StreamingAssets: the models of the repository.
    public string Models;
    /// What the C API paints of Apple: a PPM, the top row first.
    public string Picture;
    /// Where a test may write.
    public string Folder;

    /// Before the engine is used in a domain.
    public void Begin()
    {
        Fake.PlayerLoop.Begin(Models, Folder + "/persistent");
    }
}
