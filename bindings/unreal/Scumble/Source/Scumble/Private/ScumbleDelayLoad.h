#pragma once

#include "CoreMinimal.h"

/** Connects the functions that this module calls with the loaded library. The name of the first that it lacks; empty if it has all. */
FString ConnectScumble(void* Library);
