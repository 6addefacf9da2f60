#pragma once

#include "CoreMinimal.h"

class FCoreDelegates
{
public:
	/** The engine is about to end; objects still live. */
	static inline FSimpleMulticastDelegate OnEnginePreExit;
};
