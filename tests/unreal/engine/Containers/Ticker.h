#pragma once

#include "CoreMinimal.h"

class FTickerDelegate
{
public:
	template <class UserClass>
	static FTickerDelegate CreateUObject(UserClass* Object, bool (UserClass::*Method)(float))
	{
		FTickerDelegate Delegate;
		Delegate.Alive = Object->Alive;
		Delegate.Function = [Object, Method](float Seconds) { return (Object->*Method)(Seconds); };
		return Delegate;
	}
	std::shared_ptr<bool> Alive;
	std::function<bool(float)> Function;
};

class FTSTicker
{
	struct FElement
	{
		FTickerDelegate Delegate;
		bool bRemoved = false;
		bool bRunning = false;
	};

public:
	/** TWeakPtr<FElement> of the engine. */
	class FDelegateHandle
	{
	public:
		bool IsValid() const { return !Element.expired(); }
		void Reset() { Element.reset(); }
		std::weak_ptr<FElement> Element;
	};

	static FTSTicker& GetCoreTicker() { static FTSTicker Ticker; return Ticker; }

	FDelegateHandle AddTicker(const FTickerDelegate& Delegate, float Delay = 0.0f)
	{
		Check(Delay == 0.0f, "delays are not declared here");
		Elements.push_back(std::make_shared<FElement>(FElement{Delegate}));
		FDelegateHandle Handle;
		Handle.Element = Elements.back();
		return Handle;
	}
	static void RemoveTicker(FDelegateHandle Handle)
	{
		if (const std::shared_ptr<FElement> Element = Handle.Element.lock())
		{
			Check(!Element->bRunning, "RemoveTicker within the ticker waits for its end");
			Element->bRemoved = true;
			GetCoreTicker().Sweep();
		}
	}
	/** Runs those that were there before. */
	void Tick(float Seconds)
	{
		const auto Now = Elements;
		for (const auto& Element : Now)
		{
			if (Element->bRemoved) { continue; }
			Element->bRunning = true;
			const bool bAgain = *Element->Delegate.Alive && Element->Delegate.Function(Seconds);
			Element->bRunning = false;
			Element->bRemoved |= !bAgain;
		}
		Sweep();
	}
	int32 Num() const { return static_cast<int32>(Elements.size()); }

private:
	void Sweep()
	{
		for (size_t At = Elements.size(); At-- > 0;)
		{
			if (Elements[At]->bRemoved) { Elements.erase(Elements.begin() + static_cast<std::ptrdiff_t>(At)); }
		}
	}
	std::vector<std::shared_ptr<FElement>> Elements;
};
