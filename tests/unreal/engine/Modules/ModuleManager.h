#pragma once

#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"

/** Knows one module. */
class FModuleManager
{
public:
	static FModuleManager& Get() { static FModuleManager Manager; return Manager; }

	template <class TModuleInterface>
	static TModuleInterface* GetModulePtr(const FName Name)
	{
		Check(Name == FName(TEXT("Scumble")), "a module of another name");
		return static_cast<TModuleInterface*>(Get().Module.get());
	}
	void LoadModule() { Module = Make(); Module->StartupModule(); }
	void UnloadModule() { Module->ShutdownModule(); Module.reset(); }

	static inline std::unique_ptr<IModuleInterface> (*Make)() = nullptr;

private:
	std::unique_ptr<IModuleInterface> Module;
};

#define IMPLEMENT_MODULE(Class, Name) \
	static const bool bImplemented##Name = [] { \
		FModuleManager::Make = []() -> std::unique_ptr<IModuleInterface> { return std::make_unique<Class>(); }; \
		return true; \
	}();
