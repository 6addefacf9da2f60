#pragma once

#include "CoreMinimal.h"

#include <dlfcn.h>
#include <map>

class FPlatformProcess
{
public:
	static void* GetDllExport(void* DllHandle, const TCHAR* ProcName)
	{
		const std::string Name = FTCHARToUTF8(ProcName).Get();
		const auto Watched = Watch.find(Name);
		return Watched != Watch.end() ? Watched->second : dlsym(DllHandle, Name.c_str());
	}
	/** What stands in for functions of libraries, to count how often they are called. */
	static inline std::map<std::string, void*> Watch;

	static void* GetDllHandle(const TCHAR* Filename) { return dlopen(FTCHARToUTF8(Filename).Get(), RTLD_NOW); }
	static void FreeDllHandle(void* DllHandle) { dlclose(DllHandle); }
	static const TCHAR* GetModulePrefix() { return TEXT("lib"); }
	static const TCHAR* GetModuleExtension() { return TEXT("so"); }
	static const TCHAR* GetBinariesSubdirectory() { return TEXT("Linux"); }
};
