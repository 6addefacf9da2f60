#include "ScumbleDelayLoad.h"

#include "HAL/PlatformProcess.h"
#include "ScumbleLibrary.h"

#if PLATFORM_WINDOWS

// The linker's delay loading connects them as they are called.
FString ConnectScumble(void*)
{
	return FString();
}

#else

// Linux has no delay loading, and Unreal's linker refuses a library that uses a newer glibc than the engine's own. So what
// this module calls of scumble.h is defined here, and goes on to the library that was loaded.

namespace
{
	/** A function of the library. */
	struct FScumbleFunction
	{
		explicit FScumbleFunction(const TCHAR* InName) : Name(InName), Next(First)
		{
			First = this;
		}
		const TCHAR* Name;
		FScumbleFunction* Next;
		void* Address = nullptr;

		static inline FScumbleFunction* First = nullptr;
	};
}

#define SCUMBLE_FUNCTION(Result, Name, Parameters, Arguments) \
	static FScumbleFunction Name##_InLibrary(TEXT(#Name)); \
	Result Name Parameters \
	{ \
		return reinterpret_cast<decltype(&Name)>(Name##_InLibrary.Address) Arguments; \
	}

// The first that is missed, if it is not the library at all.
SCUMBLE_FUNCTION(uint32_t, scumble_abi_version, (void), ())
SCUMBLE_FUNCTION(const char*, scumble_last_error, (void), ())
SCUMBLE_FUNCTION(scumble_status, scumble_log_next, (scumble_log_entry* Entry), (Entry))
SCUMBLE_FUNCTION(scumble_status, scumble_shutdown, (int32_t TimeoutMs), (TimeoutMs))

SCUMBLE_FUNCTION(scumble_status, scumble_context_desc_init, (scumble_context_desc* Desc, size_t Size, uint32_t Version), (Desc, Size, Version))
SCUMBLE_FUNCTION(scumble_status, scumble_context_create, (const scumble_context_desc* Desc, scumble_context** Context), (Desc, Context))
SCUMBLE_FUNCTION(scumble_status, scumble_context_get_info, (const scumble_context* Context, scumble_context_info* Info), (Context, Info))
SCUMBLE_FUNCTION(scumble_status, scumble_context_set_pace, (const scumble_context* Context, float Share), (Context, Share))
SCUMBLE_FUNCTION(scumble_status, scumble_context_set_priority, (const scumble_context* Context, int32_t Priority), (Context, Priority))
SCUMBLE_FUNCTION(scumble_status, scumble_context_trim, (const scumble_context* Context), (Context))
SCUMBLE_FUNCTION(scumble_status, scumble_context_destroy, (scumble_context* Context), (Context))

SCUMBLE_FUNCTION(scumble_status, scumble_prompt_desc_init, (scumble_prompt_desc* Desc, size_t Size, uint32_t Version), (Desc, Size, Version))
SCUMBLE_FUNCTION(scumble_status, scumble_prompt_create, (const scumble_context* Context, const scumble_prompt_desc* Desc, scumble_prompt** Prompt), (Context, Desc, Prompt))
SCUMBLE_FUNCTION(scumble_status, scumble_prompt_destroy, (scumble_prompt* Prompt), (Prompt))

SCUMBLE_FUNCTION(scumble_status, scumble_generation_desc_init, (scumble_generation_desc* Desc, size_t Size, uint32_t Version), (Desc, Size, Version))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_create, (const scumble_prompt* Prompt, const scumble_generation_desc* Desc, scumble_generation** Generation), (Prompt, Desc, Generation))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_get_info, (const scumble_generation* Generation, scumble_generation_info* Info), (Generation, Info))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_start, (const scumble_generation* Generation), (Generation))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_poll, (const scumble_generation* Generation, scumble_progress* Progress), (Generation, Progress))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_cancel, (const scumble_generation* Generation), (Generation))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_error, (const scumble_generation* Generation), (Generation))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_read_image, (const scumble_generation* Generation, int32_t Source, const scumble_image* Image), (Generation, Source, Image))
SCUMBLE_FUNCTION(scumble_status, scumble_generation_destroy, (scumble_generation* Generation), (Generation))

FString ConnectScumble(void* Library)
{
	FString Missing;
	// The one that is defined first is the last of the list.
	for (FScumbleFunction* Function = FScumbleFunction::First; Function != nullptr; Function = Function->Next)
	{
		Function->Address = FPlatformProcess::GetDllExport(Library, Function->Name);
		if (Function->Address == nullptr)
		{
			Missing = Function->Name;
		}
	}
	return Missing;
}

#endif
