#pragma once

#include "Engine/World.h"
#include "Subsystems/GameInstanceSubsystem.h"
#include "UObject/Object.h"

class UGameInstance : public UObject
{
public:
	virtual UWorld* GetWorld() const override { return World; }
	virtual void VisitReferences(FReferences& References) const override
	{
		UObject::VisitReferences(References);
		References(World);
		References(Subsystems);
		References(Referenced);
	}
	template <class TSubsystemClass>
	TSubsystemClass* GetSubsystem() const
	{
		return Subsystems.IsEmpty() ? nullptr : static_cast<TSubsystemClass*>(static_cast<UGameInstanceSubsystem*>(*Subsystems.begin()));
	}
	template <class TSubsystemClass>
	static TSubsystemClass* GetSubsystem(const UGameInstance* GameInstance)
	{
		return GameInstance != nullptr ? GameInstance->GetSubsystem<TSubsystemClass>() : nullptr;
	}
	void RegisterReferencedObject(UObject* Object) { Referenced.Add(Object); }
	void UnregisterReferencedObject(UObject* Object) { Referenced.Remove(Object); }

	/** Begins to play, with one subsystem. */
	template <class TSubsystemClass>
	static UGameInstance* Start()
	{
		UGameInstance* Instance = NewObject<UGameInstance>();
		Instance->AddToRoot();
		Instance->World = NewObject<UWorld>();
		Instance->World->GameInstance = Instance;
		Instance->Subsystems.Add(NewObject<TSubsystemClass>(Instance));
		return Instance;
	}
	/** Ends play. */
	void Shutdown()
	{
		for (UGameInstanceSubsystem* Subsystem : Subsystems)
		{
			Subsystem->Deinitialize();
			Check(Subsystem->bDeinitializeRouted, "Deinitialize did not call Super::Deinitialize");
		}
		Subsystems.Empty();
		RemoveFromRoot();
	}

	TObjectPtr<UWorld> World;
	TArray<TObjectPtr<UGameInstanceSubsystem>> Subsystems;
	TArray<TObjectPtr<UObject>> Referenced;
};

inline void UWorld::VisitReferences(FReferences& References) const
{
	UObject::VisitReferences(References);
	References(TObjectPtr<UGameInstance>(GameInstance));
}
