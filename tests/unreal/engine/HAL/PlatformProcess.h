#pragma once

#include "CoreMinimal.h"

#include <dlfcn.h>

class FPlatformProcess
{
public:
	static void* GetDllHandle(const TCHAR* Filename) { return dlopen(FTCHARToUTF8(Filename).Get(), RTLD_NOW); }
	static void FreeDllHandle(void* DllHandle) { dlclose(DllHandle); }
	static const TCHAR* GetModulePrefix() { return TEXT("lib"); }
	static const TCHAR* GetModuleExtension() { return TEXT("so"); }
	static const TCHAR* GetBinariesSubdirectory() { return TEXT("Linux"); }
};
