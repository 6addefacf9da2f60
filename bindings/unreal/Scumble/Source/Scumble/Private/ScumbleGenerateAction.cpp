#include "ScumbleGenerateAction.h"

#include "Engine/Texture2D.h"
#include "ScumbleModel.h"
#include "ScumbleSubsystem.h"

UScumbleGenerateAction* UScumbleGenerateAction::GeneratePicture(UObject* WorldContextObject, UScumbleModel* Model, const FScumbleOptions& Options)
{
	UScumbleGenerateAction* Action = NewObject<UScumbleGenerateAction>();
	Action->Subsystem = UScumbleSubsystem::Get(WorldContextObject);
	Action->PictureModel = Model;
	Action->PictureOptions = Options;
	Action->RegisterWithGameInstance(WorldContextObject);
	return Action;
}

void UScumbleGenerateAction::Activate()
{
	if (!Subsystem.IsValid())
	{
		HandleFailed(nullptr, FScumbleProgress(), nullptr, TEXT("There is no game instance to paint a picture for."));
		return;
	}
	Generation = Subsystem->Generate(PictureModel, PictureOptions);
	Generation->OnProgress.AddDynamic(this, &UScumbleGenerateAction::HandleProgress);
	Generation->OnPreview.AddDynamic(this, &UScumbleGenerateAction::HandlePreview);
	Generation->OnCompleted.AddDynamic(this, &UScumbleGenerateAction::HandleCompleted);
	Generation->OnFailed.AddDynamic(this, &UScumbleGenerateAction::HandleFailed);
	Generation->OnCancelled.AddDynamic(this, &UScumbleGenerateAction::HandleCancelled);
}

void UScumbleGenerateAction::Cancel()
{
	if (Generation != nullptr)
	{
		Generation->Cancel();
	}
}

void UScumbleGenerateAction::HandleProgress(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error)
{
	Progress.Broadcast(Source, InProgress, Texture, Error);
}

void UScumbleGenerateAction::HandlePreview(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error)
{
	Preview.Broadcast(Source, InProgress, Texture, Error);
}

void UScumbleGenerateAction::HandleCompleted(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error)
{
	Completed.Broadcast(Source, InProgress, Texture, Error);
	SetReadyToDestroy();
}

void UScumbleGenerateAction::HandleFailed(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error)
{
	Failed.Broadcast(Source, InProgress, Texture, Error);
	SetReadyToDestroy();
}

void UScumbleGenerateAction::HandleCancelled(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error)
{
	Cancelled.Broadcast(Source, InProgress, Texture, Error);
	SetReadyToDestroy();
}
