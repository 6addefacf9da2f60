#pragma once

#include "UObject/Object.h"

class UGameInstanceSubsystem : public UObject
{
public:
	virtual void Deinitialize() { bDeinitializeRouted = true; }
	bool bDeinitializeRouted = false;
};
