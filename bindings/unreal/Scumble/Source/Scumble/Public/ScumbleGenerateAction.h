#pragma once

#include "CoreMinimal.h"
#include "Kismet/BlueprintAsyncActionBase.h"
#include "ScumbleGeneration.h"
#include "UObject/WeakObjectPtr.h"
#include "ScumbleGenerateAction.generated.h"

class UScumbleModel;
class UScumbleSubsystem;

/** The Blueprint node that paints a picture and goes on as it grows. */
UCLASS(BlueprintType, meta = (ExposedAsyncProxy = AsyncAction))
class SCUMBLE_API UScumbleGenerateAction : public UBlueprintAsyncActionBase
{
	GENERATED_BODY()

public:
	/** The picture has come further. */
	UPROPERTY(BlueprintAssignable)
	FScumbleGenerationEvent Progress;

	/** The texture shows a new preview. */
	UPROPERTY(BlueprintAssignable)
	FScumbleGenerationEvent Preview;

	/** The texture is the picture. */
	UPROPERTY(BlueprintAssignable)
	FScumbleGenerationEvent Completed;

	/** The error says why. */
	UPROPERTY(BlueprintAssignable)
	FScumbleGenerationEvent Failed;

	/** The picture was cancelled. */
	UPROPERTY(BlueprintAssignable)
	FScumbleGenerationEvent Cancelled;

	/** Paints a picture while the game goes on. */
	UFUNCTION(BlueprintCallable, Category = "Scumble", meta = (DisplayName = "Generate Picture (Scumble)", BlueprintInternalUseOnly = "true", WorldContext = "WorldContextObject", AutoCreateRefTerm = "Options"))
	static UScumbleGenerateAction* GeneratePicture(UObject* WorldContextObject, UScumbleModel* Model, const FScumbleOptions& Options);

	/** Cancels the picture; the pin Cancelled follows in the next frame. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	void Cancel();

	virtual void Activate() override;

private:
	UFUNCTION()
	void HandleProgress(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error);

	UFUNCTION()
	void HandlePreview(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error);

	UFUNCTION()
	void HandleCompleted(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error);

	UFUNCTION()
	void HandleFailed(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error);

	UFUNCTION()
	void HandleCancelled(UScumbleGeneration* Source, const FScumbleProgress& InProgress, UTexture2D* Texture, const FString& Error);

	UPROPERTY()
	TObjectPtr<UScumbleModel> PictureModel;

	UPROPERTY()
	TObjectPtr<UScumbleGeneration> Generation;

	TWeakObjectPtr<UScumbleSubsystem> Subsystem;
	FScumbleOptions PictureOptions;
};
