// The tests of the C# binding that need .NET: "Tests.exe NAME MODEL FOLDER" runs one of them. tests/csharp_binding.rs
// compiles and calls it.
using System;
using System.Collections.Generic;

static class Program
{
    static readonly Dictionary<string, Action<Place>> Tests = new Dictionary<string, Action<Place>>
    {
        { "layout", place => Layout.Print() },
        { "painting", Painting.Run },
        { "pictures", Pictures.Run },
        { "by-hand", ByHand.Run },
        { "async", Async.Run },
        { "frames", Frames.Run },
        { "cancelling", Cancelling.Run },
        { "errors", Errors.Run },
        { "cycles", Cycles.Run },
        { "finalizers", Finalizers.Run },
        { "shutdown", Shutdown.Run },
        { "unfinished", Shutdown.EndWithWorkGoingOn },
        { "other-abi", WrongLibrary.OtherAbi },
        { "missing", WrongLibrary.Missing },
        { "stranger", WrongLibrary.Stranger },
    };

    static int Main(string[] arguments)
    {
        try
        {
            Tests[arguments[0]](new Place(arguments[1], arguments[2]));
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            return 1;
        }
    }
}

/// Where the model is, and where a test may write.
sealed class Place
{
    public readonly string Model;
    public readonly string Folder;

    public Place(string model, string folder)
    {
        Model = model;
        Folder = folder;
    }
}
