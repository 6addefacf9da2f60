#pragma once

#include "Containers/Ticker.h"
#include "CoreMinimal.h"
#include "ScumbleTypes.h"
#include "Subsystems/GameInstanceSubsystem.h"
#include "ScumbleSubsystem.generated.h"

class UScumbleGeneration;
class UScumbleModel;

/**
 * Loads models and paints pictures for a game instance. It asks each model that is loading and each picture in progress
 * once a frame how far they are; while there are none, it does not tick. When the game instance ends, also at the end of
 * play in the editor, its pictures are cancelled and its models given back, without further events.
 */
UCLASS()
class SCUMBLE_API UScumbleSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	/** The subsystem of the game instance that an object belongs to; none for what belongs to none. */
	static UScumbleSubsystem* Get(const UObject* WorldContextObject);

	/** Begins to load a model, which is kept until UnloadModel or the end of the game instance. Returns at once. Its events fire in later frames; what cannot be loaded fails there too. */
	UFUNCTION(BlueprintCallable, Category = "Scumble", meta = (AutoCreateRefTerm = "Options"))
	UScumbleModel* LoadModel(const FScumbleModelOptions& Options);

	/** Gives a model back at once. Pictures in progress are finished. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	void UnloadModel(UScumbleModel* Model);

	/** Begins to paint a picture, and returns at once. A model that is loading is waited for. Its events fire in later frames; what cannot be painted fails there too. */
	UFUNCTION(BlueprintCallable, Category = "Scumble", meta = (AutoCreateRefTerm = "Options"))
	UScumbleGeneration* Generate(UScumbleModel* Model, const FScumbleOptions& Options);

	/** Cancels every picture in progress. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	void CancelAll();

	/** How many pictures are in progress. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	int32 GetNumInProgress() const { return Generations.Num(); }

	virtual void Deinitialize() override;

private:
	void StartTicking();
	bool TickWork(float DeltaTime);

	/** Those that are loading or ready. */
	UPROPERTY()
	TArray<TObjectPtr<UScumbleModel>> Models;

	/** Those in progress. */
	UPROPERTY()
	TArray<TObjectPtr<UScumbleGeneration>> Generations;

	FTSTicker::FDelegateHandle Ticker;
	bool bTicking = false;
};
