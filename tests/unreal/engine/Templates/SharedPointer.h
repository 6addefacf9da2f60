#pragma once

#include "CoreMinimal.h"

enum class ESPMode : uint8
{
	NotThreadSafe,
	ThreadSafe
};

template <class T, ESPMode Mode = ESPMode::ThreadSafe>
class TSharedRef;

template <class T, ESPMode Mode = ESPMode::ThreadSafe>
class TSharedPtr
{
public:
	TSharedPtr() = default;
	TSharedPtr(const TSharedRef<T, Mode>& Reference) : Pointer(Reference.Pointer) {}
	explicit TSharedPtr(std::shared_ptr<T> Owner) : Pointer(std::move(Owner)) {}
	bool IsValid() const { return Pointer != nullptr; }
	T* operator->() const { Check(IsValid(), "a null pointer was followed"); return Pointer.get(); }
	T* Get() const { return Pointer.get(); }

private:
	std::shared_ptr<T> Pointer;
};

/** Never null. */
template <class T, ESPMode Mode>
class TSharedRef
{
public:
	explicit TSharedRef(std::shared_ptr<T> Owner) : Pointer(std::move(Owner)) {}
	T* operator->() const { return Pointer.get(); }

private:
	friend class TSharedPtr<T, Mode>;
	std::shared_ptr<T> Pointer;
};

template <class T, ESPMode Mode = ESPMode::ThreadSafe, class... Types>
TSharedRef<T, Mode> MakeShared(Types&&... Arguments)
{
	return TSharedRef<T, Mode>(std::make_shared<T>(std::forward<Types>(Arguments)...));
}
