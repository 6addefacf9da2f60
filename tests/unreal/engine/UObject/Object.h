// Objects, their properties, and the collection of those that no property leads to. Unreal's header tool reads the macros;
// here tests/unreal/header_tool.rs does, and writes what GENERATED_BODY stands for.

#pragma once

#include "CoreMinimal.h"

#include <algorithm>
#include <set>

#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define BODY_MACRO_COMBINE_INNER(A, B, C, D) A##B##C##D
#define BODY_MACRO_COMBINE(A, B, C, D) BODY_MACRO_COMBINE_INNER(A, B, C, D)
#define GENERATED_BODY(...) BODY_MACRO_COMBINE(CURRENT_FILE_ID, _, __LINE__, _GENERATED_BODY)

class UObject;
class UWorld;

template <class T>
class TObjectPtr
{
public:
	TObjectPtr() = default;
	TObjectPtr(T* Object) : Pointer(Object) {}
	operator T*() const { return Pointer; }
	T* operator->() const { Check(Pointer != nullptr, "a null pointer was followed"); return Pointer; }
	T* Get() const { return Pointer; }

private:
	T* Pointer = nullptr;
};

/** Goes from an object to those that its properties refer to. Their classes may be incomplete; each has one base. */
class FReferences
{
public:
	template <class T>
	void operator()(const TObjectPtr<T>& Object) { Found.push_back(reinterpret_cast<UObject*>(Object.Get())); }
	template <class T>
	void operator()(const TArray<TObjectPtr<T>>& Objects)
	{
		for (const TObjectPtr<T>& Object : Objects) { (*this)(Object); }
	}
	/** A property that refers to nothing. */
	template <class T>
	void operator()(const T&) {}

	std::vector<UObject*> Found;
};

class UObject
{
public:
	virtual ~UObject() = default;
	virtual void BeginDestroy() { bDestroyRouted = true; }
	virtual UWorld* GetWorld() const { return Outer != nullptr ? Outer->GetWorld() : nullptr; }
	virtual void VisitReferences(FReferences& References) const { References(TObjectPtr<UObject>(Outer)); }
	UObject* GetOuter() const { return Outer; }
	void AddToRoot() { bRoot = true; }
	void RemoveFromRoot() { bRoot = false; }
	static bool HasFunction(const std::string&) { return false; }

	/** Every object that there is. */
	static std::vector<UObject*>& All() { static std::vector<UObject*> Objects; return Objects; }

	std::shared_ptr<bool> Alive = std::make_shared<bool>(true);
	UObject* Outer = nullptr;
	bool bRoot = false;
	bool bDestroyRouted = false;
};

template <class T>
T* NewObject(UObject* Outer = nullptr)
{
	T* Object = new T();
	Object->Outer = Outer;
	UObject::All().push_back(Object);
	return Object;
}

/** Destroys every object that no chain of properties leads to from a root. */
inline void CollectGarbage()
{
	std::set<UObject*> Reached;
	std::vector<UObject*> Left;
	for (UObject* Object : UObject::All())
	{
		if (Object->bRoot) { Left.push_back(Object); }
	}
	while (!Left.empty())
	{
		UObject* Object = Left.back();
		Left.pop_back();
		if (Object != nullptr && Reached.insert(Object).second)
		{
			FReferences References;
			Object->VisitReferences(References);
			Left.insert(Left.end(), References.Found.begin(), References.Found.end());
		}
	}
	auto& All = UObject::All();
	const auto Dead = std::stable_partition(All.begin(), All.end(), [&Reached](UObject* Object) { return Reached.count(Object) != 0; });
	const std::vector<UObject*> Garbage(Dead, All.end());
	All.erase(Dead, All.end());
	for (UObject* Object : Garbage)
	{
		*Object->Alive = false;
		Object->BeginDestroy();
		Check(Object->bDestroyRouted, "BeginDestroy did not call Super::BeginDestroy");
	}
	for (UObject* Object : Garbage) { delete Object; }
}

// ---- Dynamic delegates: of functions that have a UFUNCTION, of objects that may be gone

template <class... Arguments>
class TDynamicMulticastDelegate
{
public:
	template <class UserClass>
	void __Internal_AddDynamic(UserClass* Object, void (UserClass::*Method)(Arguments...), const std::string& Name)
	{
		Check(UserClass::HasFunction(Name.substr(Name.rfind(':') + 1)), "AddDynamic of a function that has no UFUNCTION");
		Bound.push_back({Object->Alive, [Object, Method](Arguments... Values) { (Object->*Method)(Values...); }});
	}
	void Broadcast(Arguments... Values) const
	{
		const auto Now = Bound;
		for (const auto& Function : Now)
		{
			if (*Function.first) { Function.second(Values...); }
		}
	}

private:
	std::vector<std::pair<std::shared_ptr<bool>, std::function<void(Arguments...)>>> Bound;
};
#define AddDynamic(UserObject, FuncName) __Internal_AddDynamic(UserObject, FuncName, #FuncName)
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(Name, Type1, Name1, Type2, Name2) \
	using Name = TDynamicMulticastDelegate<Type1, Type2>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_FourParams(Name, Type1, Name1, Type2, Name2, Type3, Name3, Type4, Name4) \
	using Name = TDynamicMulticastDelegate<Type1, Type2, Type3, Type4>
