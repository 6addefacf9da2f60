#pragma once

#include "CoreMinimal.h"

#include <filesystem>

/** Paths are relative to the executable's folder, where a packaged game has them. */
class FPaths
{
public:
	static FString ProjectDir() { return TEXT("../../../Game/"); }
	static bool IsRelative(const FString& Path) { return !Native(Path).is_absolute(); }
	static FString ConvertRelativePathToFull(const FString& Path)
	{
		return FString((std::filesystem::read_symlink("/proc/self/exe").parent_path() / Native(Path)).lexically_normal().u16string().c_str());
	}
	template <class... Types>
	static FString Combine(const FString& First, Types... Others)
	{
		std::filesystem::path Path = Native(First);
		((Path /= Native(FString(Others))), ...);
		return FString(Path.u16string().c_str());
	}

private:
	static std::filesystem::path Native(const FString& Path) { return std::filesystem::path(*Path); }
};
