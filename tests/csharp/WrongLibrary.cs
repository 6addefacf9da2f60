using System;
using System.Threading.Tasks;
using Scumble;

/// A native library that does not go with the binding, or none at all: whoever calls first is told.
static class WrongLibrary
{
    /// It answers 7 when it is asked for its ABI version; whatever else is called ends the process.
    public static void OtherAbi(Place place)
    {
        Everywhere<ScumbleException>(place, error =>
        {
            Check.Equal(Status.AbiMismatch, error.Status);
            Check.Has(error.Message, "the C# binding speaks ABI version 1");
            Check.Has(error.Message, "the native library that was found speaks version 7");
        });
    }

    public static void Missing(Place place)
    {
        Everywhere<DllNotFoundException>(place, error =>
        {
            Check.Has(error.Message, "the native library of Scumble was not found");
            Check.Has(error.Message, "libscumble.so on Linux");
        });
    }

    public static void Stranger(Place place)
    {
        Everywhere<EntryPointNotFoundException>(place, error => Check.Has(error.Message, "is not Scumble"));
    }

    static void Everywhere<T>(Place place, Action<T> judge) where T : Exception
    {
        LogEntry entry;
        Action[] calls =
        {
            () => Context.Create(place.Model),
            () => Context.LoadAsync(place.Model).GetAwaiter().GetResult(),
            () => Library.Version.ToString(),
            () => Library.AbiVersion.ToString(),
            () => Library.StatusName(Status.Ok),
            () => Library.LoadRuntime(),
            () => Library.AddProvider(""),
            () => Library.GetDevices(),
            () => Library.TryNextLog(out entry),
            () => Library.Shutdown(),
            () => Library.Shutdown(TimeSpan.Zero),
        };
        foreach (var call in calls) judge(Check.Throws<T>(call));
    }
}
