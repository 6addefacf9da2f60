// What the plugin uses of Unreal Engine 5, declared as Epic's API reference gives it, with just enough behind each
// declaration to run the plugin without the engine. None of it is Unreal's code. The rest is in the headers beside this
// one, which have Unreal's names.
//
// Where the engine stops a program that misuses it, so does this: see Check.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using int32 = std::int32_t;
using int64 = std::int64_t;
using uint8 = std::uint8_t;
using uint32 = std::uint32_t;
using uint64 = std::uint64_t;
using ANSICHAR = char;
using TCHAR = char16_t; // as on Linux

#define PLATFORM_WINDOWS 0
#define TEXT(Literal) u##Literal
#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END

/** Ends the program where the engine would, or where it would go on with what must not be. */
inline void Check(bool bHolds, const char* What)
{
	if (!bHolds)
	{
		std::fprintf(stderr, "engine: %s\n", What);
		std::abort();
	}
}

// ---- Texts

inline std::string ToUtf8(const std::u16string& Text)
{
	std::string Bytes;
	for (size_t At = 0; At < Text.size(); ++At)
	{
		uint32 Point = Text[At];
		if (Point >= 0xD800 && Point < 0xDC00 && At + 1 < Text.size())
		{
			Point = 0x10000 + ((Point - 0xD800) << 10) + (Text[++At] - 0xDC00);
		}
		const auto Put = [&Bytes](uint32 Byte) { Bytes.push_back(static_cast<char>(Byte)); };
		const auto Rest = [&](int Shift) { Put(0x80 | ((Point >> Shift) & 0x3F)); };
		if (Point < 0x80) { Put(Point); }
		else if (Point < 0x800) { Put(0xC0 | (Point >> 6)); Rest(0); }
		else if (Point < 0x10000) { Put(0xE0 | (Point >> 12)); Rest(6); Rest(0); }
		else { Put(0xF0 | (Point >> 18)); Rest(12); Rest(6); Rest(0); }
	}
	return Bytes;
}

inline std::u16string FromUtf8(const char* Bytes)
{
	std::u16string Text;
	for (const auto* At = reinterpret_cast<const unsigned char*>(Bytes); *At != 0;)
	{
		const int More = *At < 0x80 ? 0 : *At < 0xE0 ? 1 : *At < 0xF0 ? 2 : 3;
		uint32 Point = More == 0 ? *At : *At & (0x3F >> More);
		++At;
		for (int Left = More; Left > 0; --Left)
		{
			Point = (Point << 6) | (*At++ & 0x3F);
		}
		if (Point >= 0x10000)
		{
			Text.push_back(static_cast<TCHAR>(0xD800 + ((Point - 0x10000) >> 10)));
			Point = 0xDC00 + (Point & 0x3FF);
		}
		Text.push_back(static_cast<TCHAR>(Point));
	}
	return Text;
}

struct FUTF8ToTCHAR
{
	explicit FUTF8ToTCHAR(const ANSICHAR* Bytes) : Text(FromUtf8(Bytes)) {}
	const TCHAR* Get() const { return Text.c_str(); }
	std::u16string Text;
};
#define UTF8_TO_TCHAR(Bytes) (FUTF8ToTCHAR(Bytes).Get())

struct FTCHARToUTF8
{
	explicit FTCHARToUTF8(const TCHAR* Text) : Bytes(ToUtf8(Text)) {}
	const ANSICHAR* Get() const { return Bytes.c_str(); }
	std::string Bytes;
};

class FString
{
public:
	FString() = default;
	FString(const TCHAR* Characters) : Text(Characters) {}
	const TCHAR* operator*() const { return Text.c_str(); }
	bool IsEmpty() const { return Text.empty(); }
	FString& operator+=(const FString& Other) { Text += Other.Text; return *this; }
	FString& operator=(const TCHAR* Characters) { Text = Characters; return *this; }
	friend FString operator+(FString First, const FString& Second) { return First += Second; }
	friend bool operator==(const FString& First, const FString& Second) { return First.Text == Second.Text; }

	/** %s of a TCHAR*, %d and %u. */
	template <size_t Length, class... Types>
	static FString Printf(const TCHAR (&Format)[Length], Types... Arguments)
	{
		static_assert((!std::is_class_v<Types> && ...), "a text is given as *Text");
		FString Result;
		const TCHAR* At = Format;
		(Result.Piece(At, Arguments), ...);
		Result.Text += At;
		Check(Result.Text.find(u'%') == std::u16string::npos, "a format without its argument");
		return Result;
	}

private:
	template <class Type>
	void Piece(const TCHAR*& At, Type Argument)
	{
		while (*At != 0 && *At != u'%')
		{
			Text.push_back(*At++);
		}
		Check(*At == u'%', "an argument without its format");
		const TCHAR Kind = At[1];
		At += 2;
		if constexpr (std::is_pointer_v<Type>)
		{
			static_assert(std::is_same_v<Type, const TCHAR*>, "%s is of TCHAR");
			Check(Kind == u's', "a text is %s");
			Text += Argument;
		}
		else
		{
			static_assert(sizeof(Type) == 4, "%d and %u are of 32 bits");
			Check(Kind == (std::is_signed_v<Type> ? u'd' : u'u'), "a number is %d or %u, as it has a sign or not");
			Text += FromUtf8(std::to_string(Argument).c_str());
		}
	}
	std::u16string Text;
};

class FName
{
public:
	FName(const TCHAR* Characters) : Text(Characters) {}
	friend bool operator==(const FName& First, const FName& Second) { return First.Text == Second.Text; }

private:
	FString Text;
};

// ---- Logs

struct FLogLine
{
	std::string Verbosity;
	std::string Text;
};
/** What was logged. */
inline std::vector<FLogLine> GLog;

template <size_t Length, class... Types>
void Log(const char* Category, const char* Verbosity, const TCHAR (&Format)[Length], Types... Arguments)
{
	const FString Text = FString::Printf(Format, Arguments...);
	GLog.push_back({Verbosity, FTCHARToUTF8(*Text).Get()});
	std::fprintf(stderr, "%s: %s: %s\n", Category, Verbosity, GLog.back().Text.c_str());
}

#define DECLARE_LOG_CATEGORY_EXTERN(Category, Default, CompileTime) extern const char* const Category
#define DEFINE_LOG_CATEGORY(Category) const char* const Category = #Category
#define UE_LOG(Category, Verbosity, Format, ...) Log(Category, #Verbosity, Format, __VA_ARGS__)

// ---- Containers

template <class T>
class TArray
{
public:
	using ElementType = T;

	/** As the engine's, it ends the program when the array is changed while it is walked. */
	template <class Element>
	struct TIterator
	{
		Element* At;
		const TArray& Array;
		int32 Num;
		Element& operator*() const { return *At; }
		void operator++() { ++At; }
		bool operator!=(const TIterator& Other) const
		{
			Check(Array.Num() == Num, "an array was changed while it was walked");
			return At != Other.At;
		}
	};
	TIterator<T> begin() { return {Elements.data(), *this, Num()}; }
	TIterator<T> end() { return {Elements.data() + Elements.size(), *this, Num()}; }
	TIterator<const T> begin() const { return {Elements.data(), *this, Num()}; }
	TIterator<const T> end() const { return {Elements.data() + Elements.size(), *this, Num()}; }

	int32 Add(T Element) { Elements.push_back(std::move(Element)); return Num() - 1; }
	int32 Num() const { return static_cast<int32>(Elements.size()); }
	bool IsEmpty() const { return Elements.empty(); }
	void Empty() { Elements.clear(); }
	T* GetData() { return Elements.data(); }
	void SetNumUninitialized(int32 Number) { Elements.resize(static_cast<size_t>(Number)); }
	T& operator[](int32 Index) { Check(Index >= 0 && Index < Num(), "an index out of an array"); return Elements[static_cast<size_t>(Index)]; }

	template <class Comparison>
	bool Contains(const Comparison& Item) const
	{
		return ContainsByPredicate([&Item](const T& Element) { return Element == Item; });
	}
	template <class Predicate>
	bool ContainsByPredicate(Predicate Holds) const
	{
		for (const T& Element : Elements)
		{
			if (Holds(Element)) { return true; }
		}
		return false;
	}
	int32 Remove(const T& Item)
	{
		const int32 Before = Num();
		for (size_t At = Elements.size(); At-- > 0;)
		{
			if (Elements[At] == Item) { Elements.erase(Elements.begin() + static_cast<std::ptrdiff_t>(At)); }
		}
		return Before - Num();
	}

private:
	std::vector<T> Elements;
};

template <class Signature>
using TFunction = std::function<Signature>;

#include "Templates/SharedPointer.h"

// ---- Delegates

class FDelegateHandle
{
public:
	uint64 Id = 0;
};

/** A delegate of any number of native functions. */
template <class... Arguments>
class TMulticastDelegate
{
public:
	template <class UserClass>
	FDelegateHandle AddRaw(UserClass* Object, void (UserClass::*Method)(Arguments...))
	{
		Bound.push_back({++Last, [Object, Method](Arguments... Values) { (Object->*Method)(Values...); }});
		return {Last};
	}
	bool Remove(FDelegateHandle Handle)
	{
		for (size_t At = 0; At < Bound.size(); ++At)
		{
			if (Bound[At].first == Handle.Id) { Bound.erase(Bound.begin() + static_cast<std::ptrdiff_t>(At)); return true; }
		}
		return false;
	}
	void Broadcast(Arguments... Values) const
	{
		const auto Now = Bound;
		for (const auto& Function : Now) { Function.second(Values...); }
	}

private:
	std::vector<std::pair<uint64, std::function<void(Arguments...)>>> Bound;
	uint64 Last = 0;
};
using FSimpleMulticastDelegate = TMulticastDelegate<>;
