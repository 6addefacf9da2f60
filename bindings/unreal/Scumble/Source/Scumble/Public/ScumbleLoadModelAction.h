#pragma once

#include "CoreMinimal.h"
#include "Kismet/BlueprintAsyncActionBase.h"
#include "ScumbleModel.h"
#include "UObject/WeakObjectPtr.h"
#include "ScumbleLoadModelAction.generated.h"

class UScumbleSubsystem;

/** The Blueprint node that loads a model and goes on when it is loaded. */
UCLASS()
class SCUMBLE_API UScumbleLoadModelAction : public UBlueprintAsyncActionBase
{
	GENERATED_BODY()

public:
	/** The model is loaded. */
	UPROPERTY(BlueprintAssignable)
	FScumbleModelEvent Ready;

	/** The model could not be loaded; the error says why. */
	UPROPERTY(BlueprintAssignable)
	FScumbleModelEvent Failed;

	/** Loads a model while the game goes on. */
	UFUNCTION(BlueprintCallable, Category = "Scumble", meta = (DisplayName = "Load Model (Scumble)", BlueprintInternalUseOnly = "true", WorldContext = "WorldContextObject", AutoCreateRefTerm = "Options"))
	static UScumbleLoadModelAction* LoadScumbleModel(UObject* WorldContextObject, const FScumbleModelOptions& Options);

	virtual void Activate() override;

private:
	UFUNCTION()
	void HandleReady(UScumbleModel* Model, const FString& Error);

	UFUNCTION()
	void HandleFailed(UScumbleModel* Model, const FString& Error);

	TWeakObjectPtr<UScumbleSubsystem> Subsystem;
	FScumbleModelOptions ModelOptions;
};
