using System;
using System.Runtime.InteropServices;

namespace Scumble
{
    /// <summary>The library as a whole. Every method may be called from any thread at any time.</summary>
    public static unsafe class Library
    {
        private static volatile bool compatible;

        /// <summary>The version of the native library, such as "0.1.0".</summary>
        public static string Version
        {
            get
            {
                Require();
                return Utf8.Read(NativeMethods.scumble_version());
            }
        }

        /// <summary>The ABI version that binding and native library have in common.</summary>
        public static int AbiVersion
        {
            get
            {
                Require();
                return (int)NativeMethods.AbiVersion;
            }
        }

        /// <summary>
        /// The name of a status as C has it, such as "SCUMBLE_STATUS_BUSY": also of one that this binding does not know
        /// yet.
        /// </summary>
        public static string StatusName(Status status)
        {
            Require();
            return Utf8.Read(NativeMethods.scumble_status_name(status));
        }

        /// <summary>
        /// Loads ONNX Runtime and looks for devices, which takes as long as the system needs to load a library and drivers to
        /// start. Optional: the first context does it too, on its own thread and as far as it needs.
        /// </summary>
        /// <param name="path">
        /// The library; a relative path counts from the working directory. Null looks for it: the environment variable
        /// <c>SCUMBLE_ONNXRUNTIME</c>; beside the native library, first as <c>scumble_onnxruntime.{dll,so,dylib}</c>, then
        /// under its official name.
        /// </param>
        /// <exception cref="ScumbleException">It was not found, is none, is too old, or another is loaded.</exception>
        public static void LoadRuntime(string path = null)
        {
            Require();
            fixed (byte* text = Utf8.Bytes(path, nameof(path)))
            {
                ScumbleException.Check(NativeMethods.scumble_runtime_load(text));
            }
        }

        /// <summary>
        /// Adds a provider to ONNX Runtime from a library of its own, such as those of the packages onnxruntime-ep-webgpu and
        /// onnxruntime-ep-openvino, and looks for devices again. Takes as long as <see cref="LoadRuntime"/>, which it calls.
        /// </summary>
        /// <param name="path">The library.</param>
        /// <exception cref="ScumbleException">There is none, or it is not a provider's.</exception>
        public static void AddProvider(string path)
        {
            Require();
            fixed (byte* text = Utf8.Bytes(path, nameof(path)))
            {
                ScumbleException.Check(NativeMethods.scumble_runtime_add_provider(text));
            }
        }

        /// <summary>
        /// The devices: those that can be used come first, best first; then those that cannot, with the reason.
        /// </summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.NotReady"/> before anybody has looked: <see cref="LoadRuntime"/>, or a context that was not
        /// created on "cpu".
        /// </exception>
        public static DeviceInfo[] GetDevices()
        {
            Require();
            int count;
            ScumbleException.Check(NativeMethods.scumble_device_count(&count));
            var devices = new DeviceInfo[count];
            for (int index = 0; index < count; index++)
            {
                var info = new DeviceInfo { structSize = (uint)sizeof(DeviceInfo) };
                ScumbleException.Check(NativeMethods.scumble_device_get_info(index, &info));
                devices[index] = info;
            }
            return devices;
        }

        /// <summary>
        /// Takes the oldest line of the log, into which go warnings of ONNX Runtime, defects and what was loaded. Scumble
        /// itself writes nothing to the console.
        /// </summary>
        /// <returns>False when there is no line.</returns>
        public static bool TryNextLog(out LogEntry entry)
        {
            Require();
            var next = new LogEntry { structSize = (uint)sizeof(LogEntry) };
            Status status = NativeMethods.scumble_log_next(&next);
            entry = next;
            if (status == Status.Empty) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>
        /// Cancels all work, ends every object and waits until every thread of the library has ended. What exists is
        /// cancelled and invalid afterwards; new contexts may be created. Call it before a domain reload, before a plugin is
        /// unloaded and at the program's end. Blocks.
        /// </summary>
        /// <exception cref="ScumbleException">
        /// <see cref="Status.ThreadLeft"/> when all has ended but for a thread that was left behind: ONNX Runtime does not
        /// stop loading a damaged model. To wait longer does not help.
        /// </exception>
        public static void Shutdown()
        {
            Require();
            ScumbleException.Check(NativeMethods.scumble_shutdown(-1));
        }

        /// <summary>Likewise, waiting no longer than a given time.</summary>
        /// <returns>False when threads are still ending: call again to wait on.</returns>
        /// <exception cref="ScumbleException">As of <see cref="Shutdown()"/>.</exception>
        public static bool Shutdown(TimeSpan timeout)
        {
            Require();
            return Waited(NativeMethods.scumble_shutdown(Milliseconds.Timeout(timeout)));
        }

        /// <summary>Whether a wait came to its end in time.</summary>
        internal static bool Waited(Status status)
        {
            if (status == Status.Timeout) return false;
            ScumbleException.Check(status);
            return true;
        }

        /// <summary>
        /// Says what is wrong with the native library before anything is asked of it: whoever calls it first is told.
        /// </summary>
        internal static void Require()
        {
            if (compatible) return;
            uint found;
            try
            {
                found = NativeMethods.scumble_abi_version();
            }
            catch (DllNotFoundException error)
            {
                throw new DllNotFoundException(
                    "the native library of Scumble was not found (scumble.dll on Windows, libscumble.so on Linux, " +
                    "libscumble.dylib on macOS): put it beside the program, or where the system looks for libraries. " +
                    "It must be of the process's architecture. The system says: " + error.Message, error);
            }
            catch (BadImageFormatException error)
            {
                throw new BadImageFormatException(
                    "the native library of Scumble is not of the process's architecture: " + error.Message, error);
            }
            catch (EntryPointNotFoundException error)
            {
                throw new EntryPointNotFoundException(
                    "the library named scumble that was found is not Scumble: " + error.Message, error);
            }
            if (found != NativeMethods.AbiVersion)
            {
                throw new ScumbleException(Status.AbiMismatch,
                    "the C# binding speaks ABI version " + NativeMethods.AbiVersion +
                    " of Scumble, but the native library that was found speaks version " + found +
                    ": use both of one release");
            }
            compatible = true;
        }
    }
}
