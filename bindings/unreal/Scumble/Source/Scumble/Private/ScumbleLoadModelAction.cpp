#include "ScumbleLoadModelAction.h"

#include "ScumbleSubsystem.h"

UScumbleLoadModelAction* UScumbleLoadModelAction::LoadScumbleModel(UObject* WorldContextObject, const FScumbleModelOptions& Options)
{
	UScumbleLoadModelAction* Action = NewObject<UScumbleLoadModelAction>();
	Action->Subsystem = UScumbleSubsystem::Get(WorldContextObject);
	Action->ModelOptions = Options;
	Action->RegisterWithGameInstance(WorldContextObject);
	return Action;
}

void UScumbleLoadModelAction::Activate()
{
	if (!Subsystem.IsValid())
	{
		HandleFailed(nullptr, TEXT("There is no game instance to load a model for."));
		return;
	}
	UScumbleModel* Model = Subsystem->LoadModel(ModelOptions);
	Model->OnReady.AddDynamic(this, &UScumbleLoadModelAction::HandleReady);
	Model->OnFailed.AddDynamic(this, &UScumbleLoadModelAction::HandleFailed);
}

void UScumbleLoadModelAction::HandleReady(UScumbleModel* Model, const FString& Error)
{
	Ready.Broadcast(Model, Error);
	SetReadyToDestroy();
}

void UScumbleLoadModelAction::HandleFailed(UScumbleModel* Model, const FString& Error)
{
	Failed.Broadcast(Model, Error);
	SetReadyToDestroy();
}
