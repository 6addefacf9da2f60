using System.IO;
using UnrealBuildTool;

public class Scumble : ModuleRules
{
	public Scumble(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine" });
		PrivateDependencyModuleNames.AddRange(new string[] { "Projects", "RHI", "ScumbleLibrary" });

		// Models are staged as loose files, outside of paks, since the library maps them into memory. A folder that
		// is not there when this file is read is not staged: save this file again once it is.
		if (Directory.Exists(Path.Combine(PluginDirectory, "Models")))
		{
			RuntimeDependencies.Add("$(PluginDir)/Models/...", StagedFileType.NonUFS);
		}
		if (Target.ProjectFile != null && Directory.Exists(Path.Combine(Target.ProjectFile.Directory.FullName, "ScumbleModels")))
		{
			RuntimeDependencies.Add("$(ProjectDir)/ScumbleModels/...", StagedFileType.NonUFS);
		}
	}
}
