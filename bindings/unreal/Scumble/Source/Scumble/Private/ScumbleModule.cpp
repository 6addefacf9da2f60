#include "ScumbleModule.h"

#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/CoreDelegates.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "ScumbleDelayLoad.h"
#include "ScumbleLibrary.h"

DEFINE_LOG_CATEGORY(LogScumble);
IMPLEMENT_MODULE(FScumbleModule, Scumble)

/** How long the end waits for the library's threads. They end within one operator of a model. */
static constexpr int32 ScumbleShutdownMs = 10000;

void FScumbleModule::StartupModule()
{
	Load();
	if (!Unusable.IsEmpty())
	{
		UE_LOG(LogScumble, Error, TEXT("%s"), *Unusable);
	}
	PreExit = FCoreDelegates::OnEnginePreExit.AddRaw(this, &FScumbleModule::End);
}

void FScumbleModule::Load()
{
	const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("Scumble"));
	if (!Plugin.IsValid())
	{
		Unusable = TEXT("The plugin Scumble does not know where it lies.");
		return;
	}
	const FString File = FString::Printf(TEXT("%sscumble.%s"), FPlatformProcess::GetModulePrefix(), FPlatformProcess::GetModuleExtension());
	const FString Path = FPaths::ConvertRelativePathToFull(FPaths::Combine(Plugin->GetBaseDir(),
		TEXT("Source/ThirdParty/ScumbleLibrary/bin"), FPlatformProcess::GetBinariesSubdirectory(), *File));
	Library = FPlatformProcess::GetDllHandle(*Path);
	if (Library == nullptr)
	{
		Unusable = FString::Printf(TEXT("%s could not be loaded. The plugin of the SDK archive has it; packaging stages it there."), *Path);
		return;
	}
	const FString Missing = ConnectScumble(Library);
	const uint32 Found = Missing == TEXT("scumble_abi_version") ? 0 : scumble_abi_version();
	if (Found != SCUMBLE_ABI_VERSION)
	{
		Unusable = FString::Printf(TEXT("%s speaks version %u of the ABI, this plugin version %u: take both from one SDK archive."),
			*Path, Found, static_cast<uint32>(SCUMBLE_ABI_VERSION));
	}
	else if (!Missing.IsEmpty())
	{
		Unusable = FString::Printf(TEXT("%s is older than this plugin, it has no %s: take both from one SDK archive."), *Path, *Missing);
	}
}

void FScumbleModule::ShutdownModule()
{
	FCoreDelegates::OnEnginePreExit.Remove(PreExit);
	End();
	if (Library != nullptr)
	{
		FPlatformProcess::FreeDllHandle(Library);
		Library = nullptr;
	}
}

/** Of what still lives, every handle is invalid afterwards, which the library tells whoever uses one. */
void FScumbleModule::End()
{
	if (Unusable.IsEmpty())
	{
		if (scumble_shutdown(ScumbleShutdownMs) != SCUMBLE_STATUS_OK)
		{
			UE_LOG(LogScumble, Warning, TEXT("%s"), *ScumbleLastError());
		}
		DrainLog();
		Unusable = TEXT("Scumble has been shut down.");
	}
}

FString FScumbleModule::Problem()
{
	const FScumbleModule* Module = FModuleManager::GetModulePtr<FScumbleModule>(TEXT("Scumble"));
	return Module != nullptr ? Module->Unusable : FString(TEXT("The plugin Scumble is not loaded."));
}

void FScumbleModule::DrainLog()
{
	scumble_log_entry Entry = {};
	Entry.struct_size = sizeof(Entry);
	while (scumble_log_next(&Entry) == SCUMBLE_STATUS_OK)
	{
		const FString Text(UTF8_TO_TCHAR(Entry.text));
		switch (Entry.level)
		{
		case SCUMBLE_LOG_LEVEL_ERROR:
			UE_LOG(LogScumble, Error, TEXT("%s"), *Text);
			break;
		case SCUMBLE_LOG_LEVEL_WARNING:
			UE_LOG(LogScumble, Warning, TEXT("%s"), *Text);
			break;
		default:
			UE_LOG(LogScumble, Log, TEXT("%s"), *Text);
		}
	}
}
