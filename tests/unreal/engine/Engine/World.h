#pragma once

#include "UObject/Object.h"

class UGameInstance;

class UWorld : public UObject
{
public:
	virtual UWorld* GetWorld() const override { return const_cast<UWorld*>(this); }
	virtual void VisitReferences(FReferences& References) const override;
	UGameInstance* GetGameInstance() const { return GameInstance; }
	UGameInstance* GameInstance = nullptr;
};
