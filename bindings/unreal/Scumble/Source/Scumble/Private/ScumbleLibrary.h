// scumble.h as the module includes it. Both name a macro SCUMBLE_API: there it marks what the library exports, here what
// this module does.

#pragma once

#include "CoreMinimal.h"

THIRD_PARTY_INCLUDES_START
#pragma push_macro("SCUMBLE_API")
#undef SCUMBLE_API
#include "scumble.h"
#pragma pop_macro("SCUMBLE_API")
THIRD_PARTY_INCLUDES_END

/** What went wrong in the last call on this thread. */
inline FString ScumbleLastError()
{
	return FString(UTF8_TO_TCHAR(scumble_last_error()));
}
