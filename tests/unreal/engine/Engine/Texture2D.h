#pragma once

#include "RHITypes.h"
#include "UObject/Object.h"

#include <cstring>
#include <thread>

enum EPixelFormat
{
	PF_Unknown = 0,
	PF_B8G8R8A8 = 2
};

/** What the render thread has of a texture. */
struct FTextureResource
{
	uint32 Width;
	uint32 Height;
	std::vector<uint8> Pixels;
};

/** Commands of the game thread, which another thread carries out later. */
class FRenderThread
{
public:
	static FRenderThread& Get() { static FRenderThread Thread; return Thread; }
	void Enqueue(std::function<void()> Command) { Commands.push_back(std::move(Command)); }
	void Flush()
	{
		std::thread([Now = std::exchange(Commands, {})]() mutable {
			for (auto& Command : Now) { Command(); }
			Now.clear();
		}).join();
	}

private:
	std::vector<std::function<void()>> Commands;
};

class UTexture2D : public UObject
{
public:
	static UTexture2D* CreateTransient(int32 InSizeX, int32 InSizeY, EPixelFormat InFormat = PF_B8G8R8A8)
	{
		Check(InSizeX > 0 && InSizeY > 0 && InFormat == PF_B8G8R8A8, "a texture of an odd kind");
		UTexture2D* Texture = NewObject<UTexture2D>();
		Texture->SizeX = InSizeX;
		Texture->SizeY = InSizeY;
		return Texture;
	}
	/** Makes the resource, where something is rendered at all. */
	void UpdateResource()
	{
		if (bCanEverRender)
		{
			const size_t Bytes = static_cast<size_t>(SizeX) * static_cast<size_t>(SizeY) * 4;
			Resource = std::make_shared<FTextureResource>(FTextureResource{static_cast<uint32>(SizeX), static_cast<uint32>(SizeY), std::vector<uint8>(Bytes)});
		}
	}
	/** Neither regions nor data are copied before the render thread's turn. Without a resource nothing is called. */
	void UpdateTextureRegions(int32 MipIndex, uint32 NumRegions, const FUpdateTextureRegion2D* Regions, uint32 SrcPitch, uint32 SrcBpp, uint8* SrcData,
		TFunction<void(uint8* SrcData, const FUpdateTextureRegion2D* Regions)> DataCleanupFunc = [](uint8*, const FUpdateTextureRegion2D*) {})
	{
		Check(MipIndex == 0, "a mip that is not there");
		if (Resource == nullptr) { return; }
		FRenderThread::Get().Enqueue([=, To = Resource] {
			for (const FUpdateTextureRegion2D* Region = Regions; Region != Regions + NumRegions; ++Region)
			{
				Check(Region->DestX + Region->Width <= To->Width && Region->DestY + Region->Height <= To->Height, "a region out of the texture");
				for (uint32 Row = 0; Row < Region->Height; ++Row)
				{
					const uint8* From = SrcData + (static_cast<uint32>(Region->SrcY) + Row) * SrcPitch + static_cast<uint32>(Region->SrcX) * SrcBpp;
					std::memcpy(To->Pixels.data() + ((Region->DestY + Row) * To->Width + Region->DestX) * SrcBpp, From, Region->Width * SrcBpp);
				}
			}
			DataCleanupFunc(SrcData, Regions);
		});
	}
	int32 GetSizeX() const { return SizeX; }
	int32 GetSizeY() const { return SizeY; }
	FTextureResource* GetResource() const { return Resource.get(); }

	/** FApp::CanEverRender: not on a dedicated server. */
	static inline bool bCanEverRender = true;
	uint8 SRGB : 1;
	UTexture2D() : SRGB(0) {}

private:
	int32 SizeX = 0;
	int32 SizeY = 0;
	std::shared_ptr<FTextureResource> Resource;
};
