#pragma once

#include "CoreMinimal.h"
#include "Misc/Paths.h"

class IPlugin
{
public:
	FString GetBaseDir() const { return FPaths::ProjectDir() + FString(TEXT("Plugins/Scumble")); }
};

class IPluginManager
{
public:
	static IPluginManager& Get() { static IPluginManager Manager; return Manager; }
	TSharedPtr<IPlugin> FindPlugin(const FString& Name)
	{
		return Name == FString(TEXT("Scumble")) ? TSharedPtr<IPlugin>(MakeShared<IPlugin>()) : TSharedPtr<IPlugin>();
	}
};
