#include "ScumbleSubsystem.h"

#include "Engine/Engine.h"
#include "Engine/GameInstance.h"
#include "Engine/World.h"
#include "ScumbleGeneration.h"
#include "ScumbleModel.h"
#include "ScumbleModule.h"

UScumbleSubsystem* UScumbleSubsystem::Get(const UObject* WorldContextObject)
{
	const UWorld* World = GEngine != nullptr ? GEngine->GetWorldFromContextObject(WorldContextObject, EGetWorldErrorMode::LogAndReturnNull) : nullptr;
	return World != nullptr ? UGameInstance::GetSubsystem<UScumbleSubsystem>(World->GetGameInstance()) : nullptr;
}

UScumbleModel* UScumbleSubsystem::LoadModel(const FScumbleModelOptions& Options)
{
	UScumbleModel* Model = NewObject<UScumbleModel>(this);
	Model->Load(Options);
	Models.Add(Model);
	StartTicking();
	return Model;
}

void UScumbleSubsystem::UnloadModel(UScumbleModel* Model)
{
	if (Model != nullptr)
	{
		Model->Unload();
		// One that is loading still has an event to fire.
		if (Model->GetState() != EScumbleModelState::Loading)
		{
			Models.Remove(Model);
		}
	}
}

UScumbleGeneration* UScumbleSubsystem::Generate(UScumbleModel* Model, const FScumbleOptions& Options)
{
	UScumbleGeneration* Generation = NewObject<UScumbleGeneration>(this);
	Generation->Model = Model;
	Generation->Options = Options;
	Generations.Add(Generation);
	StartTicking();
	return Generation;
}

void UScumbleSubsystem::CancelAll()
{
	for (UScumbleGeneration* Generation : Generations)
	{
		Generation->Cancel();
	}
}

void UScumbleSubsystem::StartTicking()
{
	if (!Ticker.IsValid())
	{
		Ticker = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateUObject(this, &UScumbleSubsystem::TickWork));
	}
}

bool UScumbleSubsystem::TickWork(float)
{
	bTicking = true;
	// Who is told of something may begin and end models and pictures: the lists are walked as they were.
	const TArray<TObjectPtr<UScumbleModel>> OldModels = Models;
	for (UScumbleModel* Model : OldModels)
	{
		if (Models.Contains(Model) && !Model->Poll() && Model->GetState() == EScumbleModelState::Failed)
		{
			Models.Remove(Model);
		}
	}
	const TArray<TObjectPtr<UScumbleGeneration>> OldGenerations = Generations;
	for (UScumbleGeneration* Generation : OldGenerations)
	{
		if (Generations.Contains(Generation) && !Generation->Poll())
		{
			Generations.Remove(Generation);
		}
	}
	if (FScumbleModule::Problem().IsEmpty())
	{
		FScumbleModule::DrainLog();
	}
	bTicking = false;

	const bool bLoading = Models.ContainsByPredicate([](const UScumbleModel* Model) { return Model->GetState() == EScumbleModelState::Loading; });
	return bLoading || !Generations.IsEmpty();
}

void UScumbleSubsystem::Deinitialize()
{
	if (!bTicking) // or else the ticker ends by itself, with nothing left to do
	{
		FTSTicker::RemoveTicker(Ticker);
	}
	for (UScumbleGeneration* Generation : Generations)
	{
		Generation->Release();
	}
	Generations.Empty();
	for (UScumbleModel* Model : Models)
	{
		Model->Unload();
	}
	Models.Empty();
	Super::Deinitialize();
}
