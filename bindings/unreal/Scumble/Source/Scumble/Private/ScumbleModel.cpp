#include "ScumbleModel.h"

#include "ScumbleLibrary.h"
#include "ScumbleModelPath.h"
#include "ScumbleModule.h"

namespace
{
	int32 PriorityOf(EScumblePriority Priority)
	{
		switch (Priority)
		{
		case EScumblePriority::Background:
			return SCUMBLE_PRIORITY_BACKGROUND;
		case EScumblePriority::High:
			return SCUMBLE_PRIORITY_HIGH;
		default:
			return SCUMBLE_PRIORITY_NORMAL;
		}
	}

	/** Calls the library for a model that it has. Whether that went well; if not, the log says why. */
	template <typename CallType>
	bool Try(scumble_context* Context, CallType Call)
	{
		if (Context == nullptr)
		{
			UE_LOG(LogScumble, Warning, TEXT("%s"), TEXT("The model has failed or was unloaded."));
			return false;
		}
		if (Call() != SCUMBLE_STATUS_OK)
		{
			UE_LOG(LogScumble, Warning, TEXT("%s"), *ScumbleLastError());
			return false;
		}
		return true;
	}
}

void UScumbleModel::Load(const FScumbleModelOptions& Options)
{
	Error = FScumbleModule::Problem();
	if (!Error.IsEmpty())
	{
		return;
	}
	if (Options.MemoryBudgetMB < 0)
	{
		Error = FString::Printf(TEXT("MemoryBudgetMB is %d; expected 0 for no limit, or more."), Options.MemoryBudgetMB);
		return;
	}
	const FString Path = FindScumbleModel(Options.Model, Error);
	if (Path.IsEmpty())
	{
		return;
	}
	const FTCHARToUTF8 ModelPath(*Path);
	const FTCHARToUTF8 Device(*Options.Device);
	const FTCHARToUTF8 DeviceOptions(*Options.DeviceOptions);
	scumble_context_desc Desc;
	scumble_status Status = scumble_context_desc_init(&Desc, sizeof(Desc), SCUMBLE_ABI_VERSION);
	if (Status == SCUMBLE_STATUS_OK)
	{
		Desc.model_path = ModelPath.Get();
		Desc.threads = Options.Threads == 0 ? SCUMBLE_AUTO : Options.Threads;
		Desc.priority = PriorityOf(Options.Priority);
		Desc.device = Options.Device.IsEmpty() ? nullptr : Device.Get();
		Desc.device_options = Options.DeviceOptions.IsEmpty() ? nullptr : DeviceOptions.Get();
		Desc.seamless = (Options.bSeamlessX ? SCUMBLE_SEAMLESS_X : 0) | (Options.bSeamlessY ? SCUMBLE_SEAMLESS_Y : 0);
		Desc.memory_budget = static_cast<uint64>(Options.MemoryBudgetMB) << 20;
		Status = scumble_context_create(&Desc, &Context);
	}
	if (Status == SCUMBLE_STATUS_OK)
	{
		Status = scumble_context_set_pace(Context, Options.Pace);
	}
	if (Status != SCUMBLE_STATUS_OK)
	{
		Error = ScumbleLastError();
	}
}

bool UScumbleModel::Poll()
{
	if (State != EScumbleModelState::Loading)
	{
		return false;
	}
	if (Error.IsEmpty())
	{
		scumble_context_info Loaded = {};
		Loaded.struct_size = sizeof(Loaded);
		switch (scumble_context_get_info(Context, &Loaded))
		{
		case SCUMBLE_STATUS_NOT_READY:
			return true;
		case SCUMBLE_STATUS_OK:
			Info.Name = UTF8_TO_TCHAR(Loaded.model);
			Info.Family = UTF8_TO_TCHAR(Loaded.family);
			Info.Width = Loaded.width;
			Info.Height = Loaded.height;
			Info.SizeMultiple = Loaded.size_multiple;
			Info.DefaultSteps = Loaded.default_steps;
			Info.DefaultGuidance = Loaded.default_guidance_scale;
			Info.Device = UTF8_TO_TCHAR(Loaded.device);
			Info.LoadSeconds = Loaded.load_ms / 1000.0f;
			State = EScumbleModelState::Ready;
			OnReady.Broadcast(this, Error);
			return false;
		default:
			Error = ScumbleLastError();
		}
	}
	Release();
	State = EScumbleModelState::Failed;
	UE_LOG(LogScumble, Error, TEXT("The model could not be loaded: %s"), *Error);
	OnFailed.Broadcast(this, Error);
	return false;
}

bool UScumbleModel::SetPace(float Share)
{
	return Try(Context, [&] { return scumble_context_set_pace(Context, Share); });
}

bool UScumbleModel::SetPriority(EScumblePriority Priority)
{
	return Try(Context, [&] { return scumble_context_set_priority(Context, PriorityOf(Priority)); });
}

bool UScumbleModel::Trim()
{
	return Try(Context, [&] { return scumble_context_trim(Context); });
}

void UScumbleModel::Unload()
{
	if (State == EScumbleModelState::Loading)
	{
		Error = TEXT("The model was unloaded while it was loading.");
	}
	else if (State == EScumbleModelState::Ready)
	{
		State = EScumbleModelState::Unloaded;
	}
	Release();
}

void UScumbleModel::Release()
{
	if (Context != nullptr)
	{
		scumble_context_destroy(Context);
		Context = nullptr;
	}
}

void UScumbleModel::BeginDestroy()
{
	Release();
	Super::BeginDestroy();
}
