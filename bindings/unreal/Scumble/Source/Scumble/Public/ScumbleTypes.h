#pragma once

#include "CoreMinimal.h"
#include "ScumbleTypes.generated.h"

/** Where a model is. */
UENUM(BlueprintType)
enum class EScumbleModelState : uint8
{
	/** It is being loaded, on a thread of its own. */
	Loading,
	/** Pictures can be painted. */
	Ready,
	/** It could not be loaded; the error says why. */
	Failed,
	/** It was given back with UnloadModel. */
	Unloaded
};

/** Where a picture is. */
UENUM(BlueprintType)
enum class EScumblePhase : uint8
{
	/** Waiting for its model, for its turn, or for its prompt. */
	Waiting,
	/** Growing out of noise, step by step. */
	Denoising,
	/** All steps are done; the picture is being decoded. */
	Decoding,
	/** The texture has the picture. */
	Completed,
	/** It failed; the error says why. */
	Failed,
	/** It was cancelled. */
	Cancelled
};

/** How urgent a model's threads are to the operating system. */
UENUM(BlueprintType)
enum class EScumblePriority : uint8
{
	/** They compute with what the game leaves. */
	Background,
	/** As urgent as ordinary threads. */
	Normal,
	/** More urgent than ordinary threads. */
	High
};

/** How a model is loaded. */
USTRUCT(BlueprintType)
struct SCUMBLE_API FScumbleModelOptions
{
	GENERATED_BODY()

	/** A folder within ScumbleModels of the project or Models of the plugin, or the absolute path of one elsewhere. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	FString Model;

	/** The left edge of its pictures goes on at the right one, so that they tile. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	bool bSeamlessX = false;

	/** The upper edge of its pictures goes on at the lower one. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	bool bSeamlessY = false;

	/** The most memory that the model may take, in MiB; 0 for no limit. What cannot keep it fails with a text that says so. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0"))
	int32 MemoryBudgetMB = 0;

	/** How urgent its threads are. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	EScumblePriority Priority = EScumblePriority::Normal;

	/** How much of its time its thread may be busy: more than 0, up to 1. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0.01", ClampMax = "1"))
	float Pace = 1.0f;

	/** Threads that compute; 0 for half of the machine's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0", ClampMax = "256"))
	int32 Threads = 0;

	/** What to run on, such as "cpu" or "directml:0"; empty for the best that is there. One that does not work is an error. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	FString Device;

	/** Settings of that device's provider: "key=value; key=value", as device_options in scumble.h says. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	FString DeviceOptions;
};

/** What a loaded model is like. */
USTRUCT(BlueprintType)
struct SCUMBLE_API FScumbleModelInfo
{
	GENERATED_BODY()

	/** The name of its folder. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	FString Name;

	/** "sd1", "sd2" or "sdxl". */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	FString Family;

	/** The size that it was trained at, in pixels: that of pictures whose options leave it open. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 Width = 0;

	/** See Width. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 Height = 0;

	/** Widths and heights must be multiples of this. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 SizeMultiple = 0;

	/** Steps of pictures whose options leave them open. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 DefaultSteps = 0;

	/** Guidance of pictures whose options leave it open. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	float DefaultGuidance = 0.0f;

	/** What it runs on, such as "cpu" or "directml:0". */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	FString Device;

	/** How long loading took. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	float LoadSeconds = 0.0f;
};

/** What a picture is painted from. */
USTRUCT(BlueprintType)
struct SCUMBLE_API FScumbleOptions
{
	GENERATED_BODY()

	/** What it shall show. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (MultiLine = "true"))
	FString Prompt;

	/** What it shall not show. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (MultiLine = "true"))
	FString NegativePrompt;

	/** Width in pixels; 0 for the model's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0", ClampMax = "8192"))
	int32 Width = 0;

	/** Height in pixels; 0 for the model's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0", ClampMax = "8192"))
	int32 Height = 0;

	/** Steps of the scheduler; 0 for the model's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0"))
	int32 Steps = 0;

	/** How strongly the prompt counts against the negative one; -1 for the model's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "-1", ClampMax = "1000"))
	float Guidance = -1.0f;

	/** The same seed gives the same image; -1 for one drawn at random. Its low 32 bits count. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "-1"))
	int64 Seed = -1;

	/** Scheduler as people type it: "euler_a", "DPM++ 2M Karras"; empty for the model's. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble")
	FString Scheduler;

	/** A preview after every so many evaluations of the model; 0 for none. */
	UPROPERTY(EditAnywhere, BlueprintReadWrite, Category = "Scumble", meta = (ClampMin = "0"))
	int32 PreviewEvery = 0;
};

/** How far a picture is. */
USTRUCT(BlueprintType)
struct SCUMBLE_API FScumbleProgress
{
	GENERATED_BODY()

	/** Where it is. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	EScumblePhase Phase = EScumblePhase::Waiting;

	/** Steps done. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 Step = 0;

	/** Steps in all; 0 before the model is loaded. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	int32 Steps = 0;

	/** Evaluations of the model that are done, of all: 0 to 1. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	float Fraction = 0.0f;

	/** Seconds since it began to be painted. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	float SecondsSpent = 0.0f;

	/** Seconds left, estimated; -1 while that is not known. */
	UPROPERTY(BlueprintReadOnly, Category = "Scumble")
	float SecondsLeft = -1.0f;
};
