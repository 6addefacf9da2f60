#pragma once

#include "Engine/GameInstance.h"
#include "UObject/Object.h"

class UBlueprintAsyncActionBase : public UObject
{
public:
	/** Called after a Blueprint has bound its pins. */
	virtual void Activate() {}
	/** Keeps it alive until SetReadyToDestroy. */
	virtual void RegisterWithGameInstance(const UObject* WorldContextObject)
	{
		const UWorld* World = WorldContextObject != nullptr ? WorldContextObject->GetWorld() : nullptr;
		Instance = World != nullptr ? World->GetGameInstance() : nullptr;
		if (Instance != nullptr) { Instance->RegisterReferencedObject(this); }
	}
	virtual void SetReadyToDestroy()
	{
		if (Instance != nullptr) { Instance->UnregisterReferencedObject(this); }
	}

private:
	UGameInstance* Instance = nullptr;
};
