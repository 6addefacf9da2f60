using System.IO;
using UnrealBuildTool;

/// <summary>
/// The C library. The SDK archive puts it into this folder:
///
///   include/scumble.h
///   lib/Win64/scumble.lib                    import library of scumble.dll
///   bin/Win64/scumble.dll
///   bin/Win64/scumble_onnxruntime.dll        ONNX Runtime, found by its name beside scumble.dll
///   bin/Linux/libscumble.so
///   bin/Linux/scumble_onnxruntime.so
///
/// The same files are staged at the same places of a packaged game, loose, since the system loads them.
/// </summary>
public class ScumbleLibrary : ModuleRules
{
	public ScumbleLibrary(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.GetDirectoryName(Existing("include", "scumble.h")));

		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			PublicAdditionalLibraries.Add(Existing("lib", "Win64", "scumble.lib"));
			// It lies where Windows does not look: FScumbleModule loads it before anything is called.
			PublicDelayLoadDLLs.Add("scumble.dll");
			Stage("bin", "Win64", "scumble.dll");
			Stage("bin", "Win64", "scumble_onnxruntime.dll");
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux)
		{
			// Not linked, since the engine's linker refuses a library that uses a newer glibc than its own: FScumbleModule
			// loads it too, and ScumbleDelayLoad.cpp does what the linker does on Windows.
			Stage("bin", "Linux", "libscumble.so");
			Stage("bin", "Linux", "scumble_onnxruntime.so");
		}
	}

	private void Stage(params string[] Names)
	{
		RuntimeDependencies.Add(Existing(Names), StagedFileType.NonUFS);
	}

	private string Existing(params string[] Names)
	{
		string File = Path.Combine(ModuleDirectory, Path.Combine(Names));
		if (!System.IO.File.Exists(File))
		{
			throw new FileNotFoundException("Scumble: " + File + " is missing. The plugin of the SDK archive has it; "
				+ "ScumbleLibrary.Build.cs says which files belong where.");
		}
		return File;
	}
}
