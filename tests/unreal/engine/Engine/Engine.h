#pragma once

#include "Engine/World.h"

enum class EGetWorldErrorMode
{
	ReturnNull,
	LogAndReturnNull,
	Assert
};

class UEngine
{
public:
	UWorld* GetWorldFromContextObject(const UObject* Object, EGetWorldErrorMode) const
	{
		return Object != nullptr ? Object->GetWorld() : nullptr;
	}
};
inline UEngine TheEngine;
inline UEngine* GEngine = &TheEngine;
