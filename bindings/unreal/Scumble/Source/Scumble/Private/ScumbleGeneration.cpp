#include "ScumbleGeneration.h"

#include "Engine/Texture2D.h"
#include "ScumbleLibrary.h"
#include "ScumbleModel.h"
#include "ScumbleModule.h"
#include "ScumblePixels.h"

bool UScumbleGeneration::Poll()
{
	if (Handle == nullptr)
	{
		if (bCancelled)
		{
			End(EScumblePhase::Cancelled);
			return false;
		}
		if (Model != nullptr && Model->GetState() == EScumbleModelState::Loading)
		{
			return true;
		}
		if (!Begin())
		{
			End(EScumblePhase::Failed);
			return false;
		}
	}

	scumble_progress Now = {};
	Now.struct_size = sizeof(Now);
	if (scumble_generation_poll(Handle, &Now) != SCUMBLE_STATUS_OK)
	{
		Error = ScumbleLastError();
		End(EScumblePhase::Failed);
		return false;
	}
	const EScumblePhase Phase = Now.phase == SCUMBLE_PHASE_DENOISING ? EScumblePhase::Denoising
		: Now.phase == SCUMBLE_PHASE_DECODING || Now.phase == SCUMBLE_PHASE_DONE ? EScumblePhase::Decoding
		: Progress.Phase;
	const float Fraction = Now.evaluations > 0 ? static_cast<float>(Now.evaluation) / Now.evaluations : 0.0f;
	const bool bFurther = Phase != Progress.Phase || Now.step != Progress.Step || Now.steps != Progress.Steps || Fraction != Progress.Fraction;
	Progress.Phase = Phase;
	Progress.Step = Now.step;
	Progress.Steps = Now.steps;
	Progress.Fraction = Fraction;
	Progress.SecondsSpent = Now.spent_ms / 1000.0f;
	Progress.SecondsLeft = Now.left_ms < 0.0f ? -1.0f : Now.left_ms / 1000.0f;
	if (bFurther)
	{
		OnProgress.Broadcast(this, Progress, Preview, Error);
	}
	// Who is told may end the game instance, and with it what is going on here.
	if (Handle != nullptr && Now.previews != PreviewsSeen && Now.phase != SCUMBLE_PHASE_DONE)
	{
		PreviewsSeen = Now.previews;
		if (!Read(SCUMBLE_SOURCE_PREVIEW, Preview))
		{
			End(EScumblePhase::Failed);
			return false;
		}
		OnPreview.Broadcast(this, Progress, Preview, Error);
	}
	if (Handle == nullptr)
	{
		return false;
	}
	switch (Now.phase)
	{
	case SCUMBLE_PHASE_DONE:
		End(Read(SCUMBLE_SOURCE_FINAL, Picture) ? EScumblePhase::Completed : EScumblePhase::Failed);
		return false;
	case SCUMBLE_PHASE_FAILED:
		scumble_generation_error(Handle);
		Error = ScumbleLastError();
		End(EScumblePhase::Failed);
		return false;
	case SCUMBLE_PHASE_CANCELLED:
		End(EScumblePhase::Cancelled);
		return false;
	default:
		return true;
	}
}

bool UScumbleGeneration::Begin()
{
	if (Model == nullptr)
	{
		Error = TEXT("Model is none; expected one that LoadModel gave.");
		return false;
	}
	if (Model->GetState() != EScumbleModelState::Ready)
	{
		Error = Model->GetError().IsEmpty() ? FString(TEXT("The model was unloaded.")) : Model->GetError();
		return false;
	}

	const FTCHARToUTF8 Prompt(*Options.Prompt);
	const FTCHARToUTF8 NegativePrompt(*Options.NegativePrompt);
	const FTCHARToUTF8 Scheduler(*Options.Scheduler);
	scumble_prompt* Encoded = nullptr;
	scumble_prompt_desc PromptDesc;
	scumble_status Status = scumble_prompt_desc_init(&PromptDesc, sizeof(PromptDesc), SCUMBLE_ABI_VERSION);
	if (Status == SCUMBLE_STATUS_OK)
	{
		PromptDesc.text = Prompt.Get();
		PromptDesc.negative_text = Options.NegativePrompt.IsEmpty() ? nullptr : NegativePrompt.Get();
		Status = scumble_prompt_create(Model->Context, &PromptDesc, &Encoded);
	}
	scumble_generation_desc Desc;
	if (Status == SCUMBLE_STATUS_OK)
	{
		Status = scumble_generation_desc_init(&Desc, sizeof(Desc), SCUMBLE_ABI_VERSION);
	}
	if (Status == SCUMBLE_STATUS_OK)
	{
		Desc.width = Options.Width == 0 ? SCUMBLE_AUTO : Options.Width;
		Desc.height = Options.Height == 0 ? SCUMBLE_AUTO : Options.Height;
		Desc.steps = Options.Steps == 0 ? SCUMBLE_AUTO : Options.Steps;
		if (Options.Guidance != -1.0f)
		{
			Desc.guidance_scale = Options.Guidance;
		}
		Desc.seed = Options.Seed == -1 ? SCUMBLE_SEED_RANDOM : static_cast<uint64>(Options.Seed);
		Desc.scheduler = Options.Scheduler.IsEmpty() ? nullptr : Scheduler.Get();
		Desc.preview_every = Options.PreviewEvery;
		Status = scumble_generation_create(Encoded, &Desc, &Handle);
	}
	scumble_generation_info Info = {};
	Info.struct_size = sizeof(Info);
	if (Status == SCUMBLE_STATUS_OK)
	{
		Status = scumble_generation_get_info(Handle, &Info);
	}
	if (Status == SCUMBLE_STATUS_OK)
	{
		Seed = static_cast<int64>(Info.seed);
		Status = scumble_generation_start(Handle);
	}
	if (Status != SCUMBLE_STATUS_OK)
	{
		Error = ScumbleLastError();
	}
	if (Encoded != nullptr)
	{
		scumble_prompt_destroy(Encoded); // the generation keeps it
	}
	return Status == SCUMBLE_STATUS_OK;
}

bool UScumbleGeneration::Read(int32 Source, TObjectPtr<UTexture2D>& Texture)
{
	scumble_generation_info Info = {};
	Info.struct_size = sizeof(Info);
	if (scumble_generation_get_info(Handle, &Info) == SCUMBLE_STATUS_OK)
	{
		const bool bFinal = Source == SCUMBLE_SOURCE_FINAL;
		const FScumblePixels Pixels(bFinal ? Info.width : Info.preview_width, bFinal ? Info.height : Info.preview_height);
		const scumble_image Image = Pixels.Image();
		if (scumble_generation_read_image(Handle, Source, &Image) == SCUMBLE_STATUS_OK)
		{
			Texture = Pixels.Show(Texture);
			return true;
		}
	}
	Error = ScumbleLastError();
	return false;
}

void UScumbleGeneration::End(EScumblePhase Phase)
{
	Release();
	Progress.Phase = Phase;
	switch (Phase)
	{
	case EScumblePhase::Completed:
		OnCompleted.Broadcast(this, Progress, Picture, Error);
		break;
	case EScumblePhase::Cancelled:
		OnCancelled.Broadcast(this, Progress, Preview, Error);
		break;
	default:
		UE_LOG(LogScumble, Error, TEXT("The picture failed: %s"), *Error);
		OnFailed.Broadcast(this, Progress, Preview, Error);
	}
}

void UScumbleGeneration::Cancel()
{
	bCancelled = true;
	if (Handle != nullptr)
	{
		scumble_generation_cancel(Handle);
	}
}

void UScumbleGeneration::Release()
{
	if (Handle != nullptr)
	{
		scumble_generation_destroy(Handle);
		Handle = nullptr;
	}
}

void UScumbleGeneration::BeginDestroy()
{
	Release();
	Super::BeginDestroy();
}
