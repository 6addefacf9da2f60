#pragma once

#include "CoreMinimal.h"
#include "ScumbleTypes.h"
#include "UObject/Object.h"
#include "ScumbleGeneration.generated.h"

class UScumbleGeneration;
class UScumbleModel;
class UTexture2D;
struct scumble_generation;

DECLARE_DYNAMIC_MULTICAST_DELEGATE_FourParams(FScumbleGenerationEvent, UScumbleGeneration*, Generation, const FScumbleProgress&, Progress, UTexture2D*, Texture, const FString&, Error);

/**
 * A picture in progress. UScumbleSubsystem::Generate makes one, which is kept until it has ended.
 *
 * Its events fire on the game thread, in the frames after it was made: progress and previews first, then exactly one of
 * OnCompleted, OnFailed and OnCancelled.
 */
UCLASS(BlueprintType)
class SCUMBLE_API UScumbleGeneration : public UObject
{
	GENERATED_BODY()

public:
	/** It has come further. The texture is the latest preview, if there is one. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleGenerationEvent OnProgress;

	/** The texture shows a new preview. It is the same object each time. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleGenerationEvent OnPreview;

	/** The texture is the picture. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleGenerationEvent OnCompleted;

	/** The error says why. The texture is the latest preview, if there is one. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleGenerationEvent OnFailed;

	/** It was cancelled. The texture is the latest preview, if there is one. */
	UPROPERTY(BlueprintAssignable, Category = "Scumble")
	FScumbleGenerationEvent OnCancelled;

	/** Ends it within one operator of the model; OnCancelled follows in the next frame. Does nothing when it has ended. */
	UFUNCTION(BlueprintCallable, Category = "Scumble")
	void Cancel();

	/** How far it was in the last frame. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	FScumbleProgress GetProgress() const { return Progress; }

	/** The picture; none before it is complete. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	UTexture2D* GetPicture() const { return Picture; }

	/** The latest preview; none before the first. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	UTexture2D* GetPreview() const { return Preview; }

	/** Why it failed; empty if it did not. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	FString GetError() const { return Error; }

	/** The seed that it is painted with, also when it was drawn at random; -1 before its model is loaded. */
	UFUNCTION(BlueprintPure, Category = "Scumble")
	int64 GetSeed() const { return Seed; }

	virtual void BeginDestroy() override;

private:
	friend class UScumbleSubsystem;

	/** Once a frame: fires the events. Whether it goes on. */
	bool Poll();
	/** Creates it, once the model is loaded. Whether that went well; if not, the error says why. */
	bool Begin();
	/** Copies the picture or the latest preview into a texture. Whether that went well; if not, the error says why. */
	bool Read(int32 Source, TObjectPtr<UTexture2D>& Texture);
	/** The last event. */
	void End(EScumblePhase Phase);
	/** Gives the handle back. */
	void Release();

	UPROPERTY()
	TObjectPtr<UScumbleModel> Model;

	UPROPERTY()
	TObjectPtr<UTexture2D> Picture;

	UPROPERTY()
	TObjectPtr<UTexture2D> Preview;

	FScumbleOptions Options;
	FScumbleProgress Progress;
	FString Error;
	int64 Seed = -1;
	bool bCancelled = false;
	uint32 PreviewsSeen = 0;
	scumble_generation* Handle = nullptr;
};
