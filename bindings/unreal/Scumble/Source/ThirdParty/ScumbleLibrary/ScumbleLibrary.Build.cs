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
/// All that lies in bin/ of the platform is staged at the same places of a packaged game, loose, since the system loads
/// it: libraries that an ONNX Runtime for GPUs brings along belong there too.
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
			Stage("Win64", "scumble.dll", "scumble_onnxruntime.dll");
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux)
		{
			// Not linked, since the engine's linker refuses a library that uses a newer glibc than its own: FScumbleModule
			// loads it too, and ScumbleDelayLoad.cpp does what the linker does on Windows.
			Stage("Linux", "libscumble.so", "scumble_onnxruntime.so");
		}
	}

	private void Stage(string Platform, params string[] Needed)
	{
		foreach (string Name in Needed)
		{
			Existing("bin", Platform, Name);
		}
		RuntimeDependencies.Add(Path.Combine(ModuleDirectory, "bin", Platform, "..."), StagedFileType.NonUFS);
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
