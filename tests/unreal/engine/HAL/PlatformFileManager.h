#pragma once

#include "GenericPlatform/GenericPlatformFile.h"

#include <filesystem>
#include <set>

class FPhysicalFile : public IPlatformFile
{
public:
	virtual bool DirectoryExists(const TCHAR* Directory) override { return std::filesystem::is_directory(Directory); }
};

inline IPlatformFile& IPlatformFile::GetPlatformPhysical()
{
	static FPhysicalFile Disk;
	return Disk;
}

/** The disk, and what is in paks. */
class FPakFile : public IPlatformFile
{
public:
	virtual bool DirectoryExists(const TCHAR* Directory) override
	{
		return Packed.count(Directory) != 0 || GetPlatformPhysical().DirectoryExists(Directory);
	}
	std::set<std::u16string> Packed;
};

class FPlatformFileManager
{
public:
	static FPlatformFileManager& Get() { static FPlatformFileManager Manager; return Manager; }
	IPlatformFile& GetPlatformFile() { return Paks; }
	FPakFile Paks;
};
