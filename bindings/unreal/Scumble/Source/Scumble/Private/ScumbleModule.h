#pragma once

#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"

DECLARE_LOG_CATEGORY_EXTERN(LogScumble, Log, All);

/** Loads the library with the plugin, and ends all its threads before the plugin goes. */
class FScumbleModule : public IModuleInterface
{
public:
	virtual void StartupModule() override;
	virtual void ShutdownModule() override;

	/** Why nothing can be painted at all; empty if something can. To be asked before any other call of the library. */
	static FString Problem();

	/** Hands the lines of the library's log to Unreal's. */
	static void DrainLog();

private:
	void Load();
	void End();

	void* Library = nullptr;
	FString Unusable;
	FDelegateHandle PreExit;
};
