#pragma once

#include "UObject/Object.h"

template <class T>
class TWeakObjectPtr
{
public:
	TWeakObjectPtr() = default;
	TWeakObjectPtr(T* Object) : Pointer(Object), Alive(Object != nullptr ? Object->Alive : nullptr) {}
	bool IsValid() const { return Alive != nullptr && *Alive; }
	T* Get() const { return IsValid() ? Pointer : nullptr; }
	T* operator->() const { Check(IsValid(), "an object was used that is gone"); return Pointer; }

private:
	T* Pointer = nullptr;
	std::shared_ptr<bool> Alive;
};
