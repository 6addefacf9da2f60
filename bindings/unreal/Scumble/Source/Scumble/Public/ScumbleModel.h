#pragma once

#include "CoreMinimal.h"
#include "ScumbleTypes.h"
#include "UObject/Object.h"
#include "ScumbleModel.generated.h"

class UScumbleModel;
struct scumble_context;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FScumbleModelEvent, UScumbleModel*, Model, const FString&, Error);

/** A model, with the thread that works for it. UScumbleSubsystem::LoadModel makes one, and UnloadModel gives it back. */
UCLASS(BlueprintType)
class SCUMBLE_API UScumbleModel : public UObject
{
	GENERATED_BODY()

public:
	/** It is loaded; the error is empty. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleModelEvent OnReady;

	/** It could not be loaded; the error says why. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleModelEvent OnFailed;

	/** Where it is. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	EScumbleModelState GetState() const { return State; }

	/** Why it failed; empty if it did not. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	FString GetError() const { return Error; }

	/** What it is like; all zero before it is ready. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	FScumbleModelInfo GetInfo() const { return Info; }

	/** Changes how much of its time its thread may be busy: more than 0, up to 1. Whether that was possible; if not, the log says why. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	bool SetPace(float Share);

	/** Changes how urgent its threads are. Whether that was possible; if not, the log says why. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	bool SetPriority(EScumblePriority Priority);

	/** Gives memory back until something is painted again, which then takes as long as loading. Whether that was possible; if not, the log says why. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	bool Trim();

	virtual void BeginDestroy() override;

private:
	friend class UScumbleSubsystem;
	friend class UScumbleGeneration;

	/** Begins to load. What is wrong shows when it is polled. */
	void Load(const FScumbleModelOptions& Options);
	/** Once a frame: fires the event when loading has ended. Whether it goes on. */
	bool Poll();
	/** Ends loading, or gives a loaded model back. */
	void Unload();
	/** Gives the handle back. */
	void Release();

	EScumbleModelState State = EScumbleModelState::Loading;
	FString Error;
	FScumbleModelInfo Info;
	scumble_context* Context = nullptr;
};
