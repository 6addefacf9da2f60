#pragma once

#include "CoreMinimal.h"

class IPlatformFile
{
public:
	virtual ~IPlatformFile() = default;
	virtual bool DirectoryExists(const TCHAR* Directory) = 0;
	/** The disk itself. */
	static IPlatformFile& GetPlatformPhysical();
};
