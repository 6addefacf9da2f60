#include "ScumbleModelPath.h"

#include "GenericPlatform/GenericPlatformFile.h"
#include "HAL/PlatformFileManager.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"

FString FindScumbleModel(const FString& Model, FString& Error)
{
	if (Model.IsEmpty())
	{
		Error = TEXT("Model is empty; expected the name of a folder in ScumbleModels of the project, or an absolute path.");
		return FString();
	}
	TArray<FString> Places;
	if (!FPaths::IsRelative(Model))
	{
		Places.Add(Model);
	}
	else
	{
		Places.Add(FPaths::Combine(FPaths::ProjectDir(), TEXT("ScumbleModels"), *Model));
		const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("Scumble"));
		if (Plugin.IsValid())
		{
			Places.Add(FPaths::Combine(Plugin->GetBaseDir(), TEXT("Models"), *Model));
		}
	}
	FString Looked;
	for (const FString& Place : Places)
	{
		const FString Path = FPaths::ConvertRelativePathToFull(Place);
		if (IPlatformFile::GetPlatformPhysical().DirectoryExists(*Path))
		{
			return Path;
		}
		// The engine sees what is in a pak as if it were on the disk; the library, which maps files, does not.
		if (FPlatformFileManager::Get().GetPlatformFile().DirectoryExists(*Place))
		{
			Error = FString::Printf(TEXT("Model is \"%s\", but %s is inside a pak file: models must be staged as loose files ")
				TEXT("(NonUFS), as those in ScumbleModels of the project are."), *Model, *Path);
			return FString();
		}
		Looked += (Looked.IsEmpty() ? FString(TEXT("there is no ")) : FString(TEXT(", no "))) + Path;
	}
	Error = FString::Printf(TEXT("Model is \"%s\", but %s."), *Model, *Looked);
	return FString();
}
