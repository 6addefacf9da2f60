// Plays the plugin: a game thread with frames, a render thread, game instances that begin and end, and a garbage collector
// that runs in between. `harness SCENARIO` ends with 0 if all went as it must. It lies where a packaged game has its
// executable.

#include "Engine/Texture2D.h"
#include "HAL/PlatformFileManager.h"
#include "HAL/PlatformProcess.h"
#include "Misc/CoreDelegates.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "Poster.h"
#include "ScumbleGenerateAction.h"
#include "ScumbleGeneration.h"
#include "ScumbleLibrary.h"
#include "ScumbleLoadModelAction.h"
#include "ScumbleModel.h"
#include "ScumbleSubsystem.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <thread>

#define EXPECT(...) Expect((__VA_ARGS__), #__VA_ARGS__, __LINE__)

namespace
{
	using FPixels = std::vector<uint8>;

	void Expect(bool bHolds, const char* What, int Line)
	{
		if (!bHolds)
		{
			std::fprintf(stderr, "harness.cpp:%d: expected %s\n", Line, What);
			std::exit(1);
		}
	}

	// ---- The library itself

	/** A function of the library, for those that the plugin does not call, and for what it does not know of. */
	template <class Function>
	Function* Real(const char* Name)
	{
		static void* const Library = FPlatformProcess::GetDllHandle(
			*FPaths::ConvertRelativePathToFull(TEXT("../../../Game/Plugins/Scumble/Source/ThirdParty/ScumbleLibrary/bin/Linux/libscumble.so")));
		return reinterpret_cast<Function*>(dlsym(Library, Name));
	}
#define REAL(Name) Real<decltype(Name)>(#Name)

	int Polls = 0;
	int Reads = 0;

	scumble_status CountedPoll(const scumble_generation* Generation, scumble_progress* Progress)
	{
		++Polls;
		return REAL(scumble_generation_poll)(Generation, Progress);
	}
	scumble_status CountedRead(const scumble_generation* Generation, int32_t Source, const scumble_image* Image)
	{
		++Reads;
		return REAL(scumble_generation_read_image)(Generation, Source, Image);
	}

	// ---- Frames

	const std::thread::id GameThread = std::this_thread::get_id();
	int FrameNumber = 0;

	void Frame()
	{
		++FrameNumber;
		FTSTicker::GetCoreTicker().Tick(1.0f / 60.0f);
		if (FrameNumber % 5 == 0)
		{
			CollectGarbage();
		}
		FRenderThread::Get().Flush();
		std::this_thread::sleep_for(std::chrono::milliseconds(2));
	}

	/** Whether it comes true within five minutes of frames. */
	template <class Condition>
	bool FramesUntil(Condition Holds)
	{
		const auto End = std::chrono::steady_clock::now() + std::chrono::minutes(5);
		while (!Holds() && std::chrono::steady_clock::now() < End)
		{
			Frame();
		}
		return Holds();
	}

	void Frames(int Number)
	{
		for (; Number > 0; --Number)
		{
			Frame();
		}
	}

	int Threads()
	{
		return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
	}

	std::string Utf8(const FString& Text)
	{
		return FTCHARToUTF8(*Text).Get();
	}

	bool Says(const FString& Text, const char* Part)
	{
		const bool bSays = Utf8(Text).find(Part) != std::string::npos;
		if (!bSays)
		{
			std::fprintf(stderr, "\"%s\" does not say \"%s\"\n", Utf8(Text).c_str(), Part);
		}
		return bSays;
	}

	// ---- Events

	struct FEvent
	{
		std::string Name;
		FScumbleProgress Progress;
		UTexture2D* Texture;
		std::string Error;
	};

	/** Is told of events, as a Blueprint is. */
	class UListener : public UObject
	{
	public:
		UListener() { AddToRoot(); }
		static bool HasFunction(const std::string&) { return true; }

		void Hear(const char* Name, UObject* Of, const FScumbleProgress& Progress, UTexture2D* Texture, const FString& Error)
		{
			EXPECT(std::this_thread::get_id() == GameThread);
			EXPECT(FrameNumber > Since);
			Events.push_back({Name, Progress, Texture, Utf8(Error)});
			// Until it ends, the subsystem keeps it; then this does, as a Blueprint's variable would.
			if (Of != nullptr && !Ending().empty())
			{
				Of->AddToRoot();
			}
			if (React)
			{
				React(Events.back());
			}
		}
		void Progress(UScumbleGeneration* Of, const FScumbleProgress& Now, UTexture2D* Texture, const FString& Error) { Hear("progress", Of, Now, Texture, Error); }
		void Preview(UScumbleGeneration* Of, const FScumbleProgress& Now, UTexture2D* Texture, const FString& Error) { Hear("preview", Of, Now, Texture, Error); }
		void Completed(UScumbleGeneration* Of, const FScumbleProgress& Now, UTexture2D* Texture, const FString& Error) { Hear("completed", Of, Now, Texture, Error); }
		void Failed(UScumbleGeneration* Of, const FScumbleProgress& Now, UTexture2D* Texture, const FString& Error) { Hear("failed", Of, Now, Texture, Error); }
		void Cancelled(UScumbleGeneration* Of, const FScumbleProgress& Now, UTexture2D* Texture, const FString& Error) { Hear("cancelled", Of, Now, Texture, Error); }
		void Ready(UScumbleModel* Of, const FString& Error) { Hear("ready", Of, {}, nullptr, Error); }
		void NotReady(UScumbleModel* Of, const FString& Error) { Hear("not ready", Of, {}, nullptr, Error); }

		void Listen(UScumbleGeneration* Generation)
		{
			Since = FrameNumber;
			Generation->OnProgress.AddDynamic(this, &UListener::Progress);
			Generation->OnPreview.AddDynamic(this, &UListener::Preview);
			Generation->OnCompleted.AddDynamic(this, &UListener::Completed);
			Generation->OnFailed.AddDynamic(this, &UListener::Failed);
			Generation->OnCancelled.AddDynamic(this, &UListener::Cancelled);
		}
		void Listen(UScumbleModel* Model)
		{
			Since = FrameNumber;
			Model->OnReady.AddDynamic(this, &UListener::Ready);
			Model->OnFailed.AddDynamic(this, &UListener::NotReady);
		}

		int Count(const std::string& Name) const
		{
			return static_cast<int>(std::count_if(Events.begin(), Events.end(), [&](const FEvent& Event) { return Event.Name == Name; }));
		}
		/** How it ended: the only event that ends anything, and the last. */
		std::string Ending() const
		{
			const int Endings = Count("completed") + Count("failed") + Count("cancelled") + Count("ready") + Count("not ready");
			return Endings == 1 ? Events.back().Name : Endings == 0 ? "" : "several";
		}

		std::vector<FEvent> Events;
		std::function<void(const FEvent&)> React;
		int Since = 0;
	};

	// ---- The game

	/** The game while it plays. */
	struct FPlay
	{
		UGameInstance* Instance = UGameInstance::Start<UScumbleSubsystem>();
		UScumbleSubsystem& Scumble() const { return *Instance->GetSubsystem<UScumbleSubsystem>(); }

		UScumbleModel* Load(const TCHAR* Name = TEXT("emblem"))
		{
			FScumbleModelOptions Options;
			Options.Model = Name;
			return Scumble().LoadModel(Options);
		}
		UScumbleModel* Loaded()
		{
			UScumbleModel* Model = Load();
			EXPECT(FramesUntil([&] { return Model->GetState() != EScumbleModelState::Loading; }));
			EXPECT(Model->GetState() == EScumbleModelState::Ready);
			return Model;
		}
		UListener* Generate(UScumbleModel* Model, const FScumbleOptions& Options, UScumbleGeneration** Made = nullptr)
		{
			UListener* Listener = NewObject<UListener>();
			UScumbleGeneration* Generation = Scumble().Generate(Model, Options);
			Listener->Listen(Generation);
			if (Made != nullptr)
			{
				*Made = Generation;
			}
			return Listener;
		}
	};

	FScumbleOptions Apple(int32 Steps = 8, int64 Seed = 14)
	{
		FScumbleOptions Options;
		Options.Prompt = TEXT("a red apple, 3d style, on a blue background");
		Options.NegativePrompt = TEXT("blurred");
		Options.Width = 64;
		Options.Height = 64;
		Options.Steps = Steps;
		Options.Guidance = 4.0f;
		Options.Seed = Seed;
		Options.Scheduler = TEXT("euler");
		Options.PreviewEvery = 1;
		return Options;
	}

	/** What is in a texture on the graphics card. */
	FPixels PixelsOf(const UTexture2D* Texture)
	{
		return Texture->GetResource()->Pixels;
	}

	/** The same picture by the C API alone: every preview, and the picture at last. */
	std::vector<FPixels> Reference(int32 Steps, int64 Seed)
	{
		const FString Path = FPaths::ConvertRelativePathToFull(TEXT("../../../Game/ScumbleModels/emblem"));
		const FTCHARToUTF8 ModelPath(*Path);
		scumble_context_desc ContextDesc;
		EXPECT(scumble_context_desc_init(&ContextDesc, sizeof(ContextDesc), SCUMBLE_ABI_VERSION) == 0);
		ContextDesc.model_path = ModelPath.Get();
		scumble_context* Context = nullptr;
		EXPECT(scumble_context_create(&ContextDesc, &Context) == 0);
		EXPECT(REAL(scumble_context_wait)(Context, -1) == 0);
		scumble_prompt_desc PromptDesc;
		EXPECT(scumble_prompt_desc_init(&PromptDesc, sizeof(PromptDesc), SCUMBLE_ABI_VERSION) == 0);
		PromptDesc.text = "a red apple, 3d style, on a blue background";
		PromptDesc.negative_text = "blurred";
		scumble_prompt* Prompt = nullptr;
		EXPECT(scumble_prompt_create(Context, &PromptDesc, &Prompt) == 0);
		EXPECT(REAL(scumble_prompt_wait)(Prompt, -1) == 0);
		scumble_generation_desc Desc;
		EXPECT(scumble_generation_desc_init(&Desc, sizeof(Desc), SCUMBLE_ABI_VERSION) == 0);
		Desc.width = 64;
		Desc.height = 64;
		Desc.steps = Steps;
		Desc.guidance_scale = 4.0f;
		Desc.seed = static_cast<uint64>(Seed);
		Desc.scheduler = "euler";
		Desc.preview_every = 1;
		scumble_generation* Generation = nullptr;
		EXPECT(scumble_generation_create(Prompt, &Desc, &Generation) == 0);
		std::vector<FPixels> Pictures;
		const auto Read = [&](int32 Source) {
			Pictures.emplace_back(64 * 64 * 4);
			scumble_image Image = {sizeof(Image), SCUMBLE_FORMAT_BGRA8, 64, 64, 0, 0, Pictures.back().size(), Pictures.back().data()};
			EXPECT(REAL(scumble_generation_read_image)(Generation, Source, &Image) == 0);
		};
		for (int32 Left = 1; Left > 0;)
		{
			EXPECT(REAL(scumble_generation_step)(Generation, &Left) == 0);
			Read(SCUMBLE_SOURCE_PREVIEW);
		}
		EXPECT(REAL(scumble_generation_decode)(Generation) == 0);
		Read(SCUMBLE_SOURCE_FINAL);
		scumble_generation_destroy(Generation);
		scumble_prompt_destroy(Prompt);
		scumble_context_destroy(Context);
		return Pictures;
	}

	// ---- Scenarios

	void Paint()
	{
		const std::vector<FPixels> Expected = Reference(8, 14);
		FPlay Play;
		UScumbleModel* Model = Play.Load();
		UListener* OfModel = NewObject<UListener>();
		OfModel->Listen(Model);
		UScumbleGeneration* Generation = nullptr;
		UListener* Listener = Play.Generate(Model, Apple(), &Generation); // while the model is being loaded
		EXPECT(Model->GetState() == EScumbleModelState::Loading && OfModel->Events.empty() && Listener->Events.empty());
		EXPECT(Generation->GetSeed() == -1 && Generation->GetPicture() == nullptr);

		const int FirstFrame = FrameNumber;
		std::vector<FPixels> Shown;
		EXPECT(FramesUntil([&] {
			if (!Listener->Events.empty() && Listener->Count("preview") > static_cast<int>(Shown.size()))
			{
				Shown.push_back(PixelsOf(Generation->GetPreview()));
			}
			return !Listener->Ending().empty();
		}));
		EXPECT(OfModel->Ending() == "ready" && OfModel->Events[0].Error.empty());
		EXPECT(Model->GetInfo().Width == 64 && Model->GetInfo().DefaultSteps > 0 && Model->GetInfo().LoadSeconds > 0.0f);
		EXPECT(Utf8(Model->GetInfo().Name) == "emblem" && Utf8(Model->GetInfo().Family) == "sd1");
		EXPECT(Utf8(Model->GetInfo().Device) == "cpu");

		// Progress, previews and the end, in order.
		EXPECT(Listener->Ending() == "completed" && Listener->Count("progress") >= 2 && !Shown.empty());
		const FEvent* Before = &Listener->Events[0];
		for (const FEvent& Event : Listener->Events)
		{
			EXPECT(Event.Progress.Step >= Before->Progress.Step && Event.Progress.Fraction >= Before->Progress.Fraction);
			EXPECT(Event.Progress.Phase >= Before->Progress.Phase && Event.Error.empty());
			if (Event.Name == "preview")
			{
				EXPECT(Event.Texture == Generation->GetPreview());
			}
			Before = &Event;
		}
		EXPECT(Before->Progress.Step == 8 && Before->Progress.Steps == 8 && Before->Progress.Fraction == 1.0f);
		EXPECT(Before->Progress.Phase == EScumblePhase::Completed && Before->Progress.SecondsSpent > 0.0f);
		EXPECT(Before->Texture == Generation->GetPicture() && Generation->GetSeed() == 14);

		// What is on the graphics card is what the C API paints; previews that were missed were missed.
		EXPECT(PixelsOf(Generation->GetPicture()) == Expected.back());
		EXPECT(Generation->GetPicture()->SRGB == 1 && Generation->GetPreview()->SRGB == 1);
		size_t Next = 0;
		for (const FPixels& Preview : Shown)
		{
			while (Next < 8 && Expected[Next] != Preview)
			{
				++Next;
			}
			EXPECT(Next++ < 8);
		}

		// What it cost the game thread.
		EXPECT(Polls <= FrameNumber - FirstFrame);
		EXPECT(Reads == Listener->Count("preview") + 1);
		EXPECT(Play.Scumble().GetNumInProgress() == 0 && FTSTicker::GetCoreTicker().Num() == 0);

		// ONNX Runtime is the one that is shipped.
		std::ifstream Maps("/proc/self/maps");
		const std::string Mapped(std::istreambuf_iterator<char>(Maps), {});
		EXPECT(Mapped.find("Game/Plugins/Scumble/Source/ThirdParty/ScumbleLibrary/bin/Linux/scumble_onnxruntime.so") != std::string::npos);

		EXPECT(Model->SetPace(0.5f) && Model->SetPriority(EScumblePriority::Background) && Model->Trim());
		EXPECT(!Model->SetPace(2.0f) && GLog.back().Text.find("share") != std::string::npos);
		Play.Instance->Shutdown();
	}

	void Cancel()
	{
		FPlay Play;
		UScumbleGeneration* Generation = nullptr;
		UListener* Early = Play.Generate(Play.Load(), Apple(), &Generation);
		Generation->Cancel(); // before the model is loaded
		Frame();
		EXPECT(Early->Ending() == "cancelled" && Early->Events.size() == 1);

		UScumbleModel* Model = Play.Loaded();
		UListener* Within = Play.Generate(Model, Apple(500), &Generation);
		Within->React = [&](const FEvent& Event) {
			if (Event.Progress.Step >= 2)
			{
				Generation->Cancel();
			}
		};
		EXPECT(FramesUntil([&] { return !Within->Ending().empty(); }));
		EXPECT(Within->Ending() == "cancelled" && Within->Events.back().Progress.Phase == EScumblePhase::Cancelled);
		EXPECT(Within->Events.back().Texture == Generation->GetPreview() && Generation->GetPicture() == nullptr);
		const size_t Heard = Within->Events.size();
		Generation->Cancel();
		Frames(5);
		EXPECT(Within->Events.size() == Heard);

		UListener* First = Play.Generate(Model, Apple(500));
		UListener* Second = Play.Generate(Model, Apple(500));
		EXPECT(FramesUntil([&] { return First->Count("progress") > 1 && Second->Count("progress") > 1; }));
		Play.Scumble().CancelAll();
		Frame();
		EXPECT(First->Ending() == "cancelled" && Second->Ending() == "cancelled" && Play.Scumble().GetNumInProgress() == 0);

		UListener* Done = Play.Generate(Model, Apple(2), &Generation);
		EXPECT(FramesUntil([&] { return !Done->Ending().empty(); }));
		Generation->Cancel(); // too late
		Frames(5);
		EXPECT(Done->Ending() == "completed");
		Play.Instance->Shutdown();
	}

	void Failures()
	{
		FPlay Play;
		const auto Load = [&](const FScumbleModelOptions& Options, const char* Part) {
			UScumbleModel* Model = Play.Scumble().LoadModel(Options);
			UListener* Listener = NewObject<UListener>();
			Listener->Listen(Model);
			UListener* OfPicture = Play.Generate(Model, Apple());
			EXPECT(FramesUntil([&] { return !OfPicture->Ending().empty(); }));
			EXPECT(Listener->Ending() == "not ready" && Model->GetState() == EScumbleModelState::Failed);
			EXPECT(Says(Model->GetError(), Part));
			EXPECT(OfPicture->Ending() == "failed" && OfPicture->Events.back().Error == Utf8(Model->GetError()));
			EXPECT(!Model->SetPace(0.5f));
		};
		FScumbleModelOptions Options;
		Load(Options, "Model is empty");
		Options.Model = TEXT("nowhere");
		Load(Options, "Model is \"nowhere\", but there is no /");
		Load(Options, "Game/ScumbleModels/nowhere, no /");
		Load(Options, "Game/Plugins/Scumble/Models/nowhere.");
		Options.Model = TEXT("packed");
		FPlatformFileManager::Get().Paks.Packed.insert(u"../../../Game/ScumbleModels/packed");
		Load(Options, "Game/ScumbleModels/packed is inside a pak file: models must be staged as loose files");
		Options.Model = TEXT("/dev");
		Load(Options, "/dev");
		Options.Model = TEXT("emblem");
		Options.MemoryBudgetMB = -1;
		Load(Options, "MemoryBudgetMB is -1");
		Options.MemoryBudgetMB = 60;
		Load(Options, "memory_budget");
		Options.MemoryBudgetMB = 0;
		Options.Pace = 0.0f;
		Load(Options, "share is 0");
		Options.Pace = 1.0f;
		Options.Threads = 1000;
		Load(Options, "threads is 1000");
		Options.Threads = 0;
		Options.Device = TEXT("abacus");
		Load(Options, "device is \"abacus\"");
		Options.Device = TEXT("cpu");
		Options.DeviceOptions = TEXT("beads=10");
		Load(Options, "device_options is given for \"cpu\"");

		UScumbleModel* Model = Play.Loaded();
		const auto Generate = [&](UScumbleModel* Of, const FScumbleOptions& Picture, const char* Part) {
			UScumbleGeneration* Generation = nullptr;
			UListener* Listener = Play.Generate(Of, Picture, &Generation);
			EXPECT(FramesUntil([&] { return !Listener->Ending().empty(); }));
			EXPECT(Listener->Ending() == "failed" && Listener->Events.back().Error == Utf8(Generation->GetError()));
			EXPECT(Says(Generation->GetError(), Part) && Generation->GetProgress().Phase == EScumblePhase::Failed);
			EXPECT(GLog.back().Verbosity == "Error");
		};
		Generate(nullptr, Apple(), "Model is none");
		FScumbleOptions Bad = Apple();
		Bad.Width = 63;
		Generate(Model, Bad, "width is 63");
		Bad = Apple();
		Bad.Steps = -1;
		Generate(Model, Bad, "steps is -1");
		Bad = Apple();
		Bad.Guidance = -2.0f;
		Generate(Model, Bad, "guidance_scale is -2");
		Bad = Apple();
		Bad.Scheduler = TEXT("ä☃😀");
		Generate(Model, Bad, "scheduler is \"ä☃😀\"");

		// A model that is given back while it paints finishes its picture; one that is gone paints none.
		UListener* Listener = Play.Generate(Model, Apple());
		EXPECT(FramesUntil([&] { return Listener->Count("progress") > 0; }));
		Play.Scumble().UnloadModel(Model);
		EXPECT(Model->GetState() == EScumbleModelState::Unloaded);
		Generate(Model, Apple(), "The model was unloaded.");
		EXPECT(FramesUntil([&] { return !Listener->Ending().empty(); }));
		EXPECT(Listener->Ending() == "completed");

		UScumbleModel* Hasty = Play.Load();
		UListener* OfModel = NewObject<UListener>();
		OfModel->Listen(Hasty);
		Play.Scumble().UnloadModel(Hasty);
		Frame();
		EXPECT(OfModel->Ending() == "not ready" && Says(Hasty->GetError(), "unloaded while it was loading"));
		EXPECT(FTSTicker::GetCoreTicker().Num() == 0);
		Play.Instance->Shutdown();
	}

	/** Two pictures of one model, and one of another game instance, as when two clients play in one editor. */
	void Several()
	{
		const std::vector<FPixels> Expected[] = {Reference(6, 1), Reference(6, 2), Reference(6, 3)};
		FPlay First, Second;
		UScumbleModel* Model = First.Loaded();
		UScumbleGeneration* Generations[3] = {};
		UListener* Listeners[] = {First.Generate(Model, Apple(6, 1), &Generations[0]), First.Generate(Model, Apple(6, 2), &Generations[1]),
			Second.Generate(Second.Load(), Apple(6, 3), &Generations[2])};
		bool bTogether = false;
		EXPECT(FramesUntil([&] {
			bTogether |= Listeners[0]->Count("preview") > 0 && Listeners[1]->Count("preview") > 0 && Listeners[0]->Ending().empty();
			return !Listeners[0]->Ending().empty() && !Listeners[1]->Ending().empty() && !Listeners[2]->Ending().empty();
		}));
		EXPECT(bTogether);
		for (int At = 0; At < 3; ++At)
		{
			EXPECT(Listeners[At]->Ending() == "completed" && PixelsOf(Generations[At]->GetPicture()) == Expected[At].back());
		}
		First.Instance->Shutdown();
		Second.Instance->Shutdown();
	}

	/** Play ends while pictures grow, from outside and from within an event, and begins again. */
	void PlayEnds()
	{
		Reference(1, 1); // what the library keeps until the end is there before threads are counted
		std::this_thread::sleep_for(std::chrono::seconds(1));
		const int ThreadsBefore = Threads();
		for (const bool bWithin : {false, true})
		{
			FPlay Play;
			UScumbleModel* Model = Play.Loaded();
			UListener* First = Play.Generate(Model, Apple(500));
			UListener* Second = Play.Generate(Model, Apple(500));
			UListener* Third = Play.Generate(Play.Load(), Apple(500));
			EXPECT(FramesUntil([&] { return Second->Count("progress") > 1; }));
			EXPECT(Threads() > ThreadsBefore);
			bool bEnded = false;
			if (bWithin)
			{
				First->React = [&](const FEvent&) {
					if (!std::exchange(bEnded, true))
					{
						Play.Instance->Shutdown();
					}
				};
				EXPECT(FramesUntil([&] { return bEnded; }));
			}
			else
			{
				Play.Instance->Shutdown();
			}
			const size_t Heard = First->Events.size() + Second->Events.size() + Third->Events.size();
			Frames(20);
			EXPECT(Heard == First->Events.size() + Second->Events.size() + Third->Events.size());
			EXPECT(First->Ending().empty() && Second->Ending().empty() && Third->Ending().empty());
			EXPECT(FTSTicker::GetCoreTicker().Num() == 0);
			EXPECT(FramesUntil([&] { return Threads() == ThreadsBefore; }));
			for (UListener* Listener : {First, Second, Third})
			{
				Listener->RemoveFromRoot();
			}
			CollectGarbage();
			EXPECT(UObject::All().empty());
		}
		FPlay Again;
		UListener* Listener = Again.Generate(Again.Load(), Apple(2));
		EXPECT(FramesUntil([&] { return !Listener->Ending().empty(); }));
		EXPECT(Listener->Ending() == "completed");
		Again.Instance->Shutdown();
	}

	/** The nodes of Blueprints. */
	void Nodes()
	{
		FPlay Play;
		UObject* Context = Play.Instance->World;
		FScumbleModelOptions ModelOptions;
		ModelOptions.Model = TEXT("emblem");
		UListener* OfModel = NewObject<UListener>();
		UScumbleLoadModelAction* Load = UScumbleLoadModelAction::LoadScumbleModel(Context, ModelOptions);
		Load->Ready.AddDynamic(OfModel, &UListener::Ready);
		Load->Failed.AddDynamic(OfModel, &UListener::NotReady);
		UScumbleModel* Model = nullptr;
		Load->Activate();
		EXPECT(FramesUntil([&] { return !OfModel->Ending().empty(); }));
		EXPECT(OfModel->Ending() == "ready");
		Model = Play.Loaded();

		const auto Generate = [&](UScumbleModel* Of, const FScumbleOptions& Options, UListener* Listener) {
			UScumbleGenerateAction* Action = UScumbleGenerateAction::GeneratePicture(Context, Of, Options);
			Action->Progress.AddDynamic(Listener, &UListener::Progress);
			Action->Preview.AddDynamic(Listener, &UListener::Preview);
			Action->Completed.AddDynamic(Listener, &UListener::Completed);
			Action->Failed.AddDynamic(Listener, &UListener::Failed);
			Action->Cancelled.AddDynamic(Listener, &UListener::Cancelled);
			Action->Activate();
			return Action;
		};
		UListener* Listener = NewObject<UListener>();
		Generate(Model, Apple(), Listener);
		EXPECT(FramesUntil([&] { return !Listener->Ending().empty(); }));
		EXPECT(Listener->Ending() == "completed" && Listener->Count("progress") > 1 && Listener->Count("preview") > 0);

		UListener* Stopped = NewObject<UListener>();
		UScumbleGenerateAction* Action = Generate(Model, Apple(500), Stopped);
		EXPECT(FramesUntil([&] { return Stopped->Count("progress") > 1; }));
		Action->Cancel();
		Frame();
		EXPECT(Stopped->Ending() == "cancelled");

		UListener* Wrong = NewObject<UListener>();
		Generate(nullptr, Apple(), Wrong);
		Frame();
		EXPECT(Wrong->Ending() == "failed" && Wrong->Events.back().Error == "Model is none; expected one that LoadModel gave.");

		UListener* Missing = NewObject<UListener>();
		ModelOptions.Model = TEXT("nowhere");
		UScumbleLoadModelAction* Failing = UScumbleLoadModelAction::LoadScumbleModel(Context, ModelOptions);
		Failing->Ready.AddDynamic(Missing, &UListener::Ready);
		Failing->Failed.AddDynamic(Missing, &UListener::NotReady);
		Failing->Activate();
		Frame();
		EXPECT(Missing->Ending() == "not ready");

		// Actions that have ended are garbage.
		CollectGarbage();
		EXPECT(Play.Instance->Referenced.IsEmpty());

		// Something that belongs to no game.
		UListener* Homeless = NewObject<UListener>();
		Homeless->Since = -1;
		Context = Homeless;
		Generate(Model, Apple(), Homeless);
		EXPECT(Homeless->Ending() == "failed" && Homeless->Events[0].Error == "There is no game instance to paint a picture for.");
		Play.Instance->Shutdown();
	}

	/** Where nothing is rendered, textures have no resource, and what was meant for it is freed all the same. */
	void Server()
	{
		UTexture2D::bCanEverRender = false;
		FPlay Play;
		UScumbleGeneration* Generation = nullptr;
		UListener* Listener = Play.Generate(Play.Load(), Apple(), &Generation);
		EXPECT(FramesUntil([&] { return !Listener->Ending().empty(); }));
		EXPECT(Listener->Ending() == "completed" && Generation->GetPicture() != nullptr && Generation->GetPicture()->GetResource() == nullptr);
		Play.Instance->Shutdown();
	}

	/** The engine ends while a picture grows. */
	void EngineEnds()
	{
		const int ThreadsBefore = Threads();
		FPlay Play;
		UScumbleModel* Model = Play.Loaded();
		UListener* Listener = Play.Generate(Model, Apple(500));
		EXPECT(FramesUntil([&] { return Listener->Count("progress") > 1; }));
		FCoreDelegates::OnEnginePreExit.Broadcast();
		EXPECT(Threads() == ThreadsBefore);
		UListener* Late = NewObject<UListener>();
		Late->Listen(Play.Load());
		Frames(2);
		EXPECT(Listener->Ending() == "failed" && Late->Ending() == "not ready" && Late->Events[0].Error == "Scumble has been shut down.");
		Play.Instance->Shutdown();
	}

	/** The library is another's, or none is there: nothing of it is called but for its version. */
	void Unusable(const char* Part)
	{
		EXPECT(GLog.size() == 1 && GLog[0].Verbosity == "Error" && GLog[0].Text.find(Part) != std::string::npos);
		FPlay Play;
		UScumbleModel* Model = Play.Load();
		UListener* Listener = NewObject<UListener>();
		Listener->Listen(Model);
		UListener* OfPicture = Play.Generate(Model, Apple());
		Frames(2);
		EXPECT(Listener->Ending() == "not ready" && OfPicture->Ending() == "failed");
		EXPECT(Listener->Events[0].Error == GLog[0].Text && OfPicture->Events[0].Error == GLog[0].Text);
		EXPECT(!Model->SetPace(0.5f) && !Model->Trim());
		Play.Scumble().UnloadModel(Model);
		Play.Instance->Shutdown();
	}

	/** The component of the README. */
	void Readme()
	{
		FPlay Play;
		UPoster* Poster = NewObject<UPoster>(Play.Instance->World);
		Poster->AddToRoot();
		Poster->BeginPlay();
		EXPECT(FramesUntil([&] { return Play.Scumble().GetNumInProgress() == 0; }));
		EXPECT(Poster->Shown != nullptr && Poster->Shown->GetSizeX() == 64);
		Poster->RemoveFromRoot();
		Play.Instance->Shutdown();
	}
}

int main(int, char** Arguments)
{
	const std::string Scenario = Arguments[1];
	if (Scenario == "paint")
	{
		FPlatformProcess::Watch = {{"scumble_generation_poll", reinterpret_cast<void*>(CountedPoll)},
			{"scumble_generation_read_image", reinterpret_cast<void*>(CountedRead)}};
	}
	FModuleManager::Get().LoadModule();
	if (Scenario == "paint") { Paint(); }
	else if (Scenario == "cancel") { Cancel(); }
	else if (Scenario == "failures") { Failures(); }
	else if (Scenario == "several") { Several(); }
	else if (Scenario == "play_ends") { PlayEnds(); }
	else if (Scenario == "nodes") { Nodes(); }
	else if (Scenario == "server") { Server(); }
	else if (Scenario == "engine_ends") { EngineEnds(); }
	else if (Scenario == "missing_library") { Unusable("bin/Linux/libscumble.so could not be loaded."); }
	else if (Scenario == "other_abi") { Unusable("bin/Linux/libscumble.so speaks version 99 of the ABI, this plugin version 1"); }
	else if (Scenario == "older_library") { Unusable("bin/Linux/libscumble.so is older than this plugin, it has no scumble_generation_poll"); }
	else if (Scenario == "readme") { Readme(); }
	else { EXPECT(!"a scenario"); }

	for (UObject* Object : UObject::All())
	{
		Object->RemoveFromRoot();
	}
	CollectGarbage();
	EXPECT(UObject::All().empty());
	FRenderThread::Get().Flush();
	FModuleManager::Get().UnloadModule();
	return 0;
}
