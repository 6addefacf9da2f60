// What the plugin's build files use of Unreal's build tool, declared as Epic's reference gives it, and a program that
// says what they ask for:
//
//   program PLUGIN PROJECT PLATFORM
//
// It prints a line for each: its kind, a tab, and a word or a path with its variables filled in.

using System;
using System.Collections.Generic;
using System.IO;

namespace UnrealBuildTool
{
	public class UnrealTargetPlatform
	{
		public static readonly UnrealTargetPlatform Win64 = new UnrealTargetPlatform("Win64");
		public static readonly UnrealTargetPlatform Linux = new UnrealTargetPlatform("Linux");

		private readonly string Name;
		private UnrealTargetPlatform(string Name) { this.Name = Name; }
		public override string ToString() { return Name; }
	}

	public class DirectoryReference
	{
		public string FullName;
	}

	public class FileReference
	{
		public DirectoryReference Directory;
	}

	public class ReadOnlyTargetRules
	{
		public UnrealTargetPlatform Platform;
		public FileReference ProjectFile;
	}

	public enum StagedFileType { UFS, NonUFS, DebugNonUFS, SystemNonUFS }

	public class ModuleRules
	{
		public enum ModuleType { CPlusPlus, External }
		public enum PCHUsageMode { Default, NoSharedPCHs, UseSharedPCHs, UseExplicitOrSharedPCHs, NoPCHs }

		public class RuntimeDependencyList
		{
			public readonly List<KeyValuePair<string, StagedFileType>> Inner = new List<KeyValuePair<string, StagedFileType>>();
			public void Add(string Path, StagedFileType Type) { Inner.Add(new KeyValuePair<string, StagedFileType>(Path, Type)); }
		}

		public ModuleType Type = ModuleType.CPlusPlus;
		public PCHUsageMode PCHUsage = PCHUsageMode.Default;
		public List<string> PublicDependencyModuleNames = new List<string>();
		public List<string> PrivateDependencyModuleNames = new List<string>();
		public List<string> PublicSystemIncludePaths = new List<string>();
		public List<string> PublicAdditionalLibraries = new List<string>();
		public List<string> PublicDelayLoadDLLs = new List<string>();
		public RuntimeDependencyList RuntimeDependencies = new RuntimeDependencyList();

		/// <summary>Where the build file and the plugin lie. The tool sets them before it creates a module.</summary>
		public string ModuleDirectory { get { return NextModuleDirectory; } }
		public string PluginDirectory { get { return NextPluginDirectory; } }
		public static string NextModuleDirectory;
		public static string NextPluginDirectory;

		public ModuleRules(ReadOnlyTargetRules Target) { }
	}
}

public static class Tool
{
	public static int Main(string[] Arguments)
	{
		string Plugin = Arguments[0], Project = Arguments[1];
		var Target = new UnrealBuildTool.ReadOnlyTargetRules
		{
			Platform = Arguments[2] == "Win64" ? UnrealBuildTool.UnrealTargetPlatform.Win64 : UnrealBuildTool.UnrealTargetPlatform.Linux,
			ProjectFile = new UnrealBuildTool.FileReference { Directory = new UnrealBuildTool.DirectoryReference { FullName = Project } },
		};
		Action<string, string> Print = (Kind, Word) =>
			Console.WriteLine(Kind + "\t" + Word.Replace("$(PluginDir)", Plugin).Replace("$(ProjectDir)", Project));
		UnrealBuildTool.ModuleRules.NextPluginDirectory = Plugin;
		try
		{
			UnrealBuildTool.ModuleRules.NextModuleDirectory = Path.Combine(Plugin, "Source", "Scumble");
			Say(new Scumble(Target), Print);
			UnrealBuildTool.ModuleRules.NextModuleDirectory = Path.Combine(Plugin, "Source", "ThirdParty", "ScumbleLibrary");
			Say(new ScumbleLibrary(Target), Print);
			return 0;
		}
		catch (FileNotFoundException Error)
		{
			Console.Error.WriteLine(Error.Message);
			return 1;
		}
	}

	private static void Say(UnrealBuildTool.ModuleRules Rules, Action<string, string> Print)
	{
		Print("type", Rules.Type.ToString());
		Rules.PublicDependencyModuleNames.ForEach(Word => Print("module", Word));
		Rules.PrivateDependencyModuleNames.ForEach(Word => Print("module", Word));
		Rules.PublicSystemIncludePaths.ForEach(Word => Print("include", Word));
		Rules.PublicAdditionalLibraries.ForEach(Word => Print("library", Word));
		Rules.PublicDelayLoadDLLs.ForEach(Word => Print("delayed", Word));
		Rules.RuntimeDependencies.Inner.ForEach(Pair => Print(Pair.Value.ToString(), Pair.Key));
	}
}
