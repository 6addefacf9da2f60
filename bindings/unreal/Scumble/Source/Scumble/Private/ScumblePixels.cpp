#include "ScumblePixels.h"

#include "Engine/Texture2D.h"

/** Blue, green, red, alpha. */
static constexpr int32 ScumbleBytesPerPixel = 4;

FScumblePixels::FScumblePixels(int32 Width, int32 Height)
	: Upload(MakeShared<FUpload, ESPMode::ThreadSafe>())
{
	Upload->Region = FUpdateTextureRegion2D(0, 0, 0, 0, Width, Height);
	Upload->Bytes.SetNumUninitialized(Width * Height * ScumbleBytesPerPixel);
}

scumble_image FScumblePixels::Image() const
{
	scumble_image Image = {};
	Image.struct_size = sizeof(Image);
	Image.format = SCUMBLE_FORMAT_BGRA8;
	Image.width = Upload->Region.Width;
	Image.height = Upload->Region.Height;
	Image.pixels = Upload->Bytes.GetData();
	Image.pixels_size = Upload->Bytes.Num();
	return Image;
}

UTexture2D* FScumblePixels::Show(UTexture2D* Texture) const
{
	const int32 Width = Upload->Region.Width;
	const int32 Height = Upload->Region.Height;
	if (Texture == nullptr || Texture->GetSizeX() != Width || Texture->GetSizeY() != Height)
	{
		Texture = UTexture2D::CreateTransient(Width, Height, PF_B8G8R8A8);
		Texture->SRGB = true;
		Texture->UpdateResource();
	}
	// Both the region and the bytes must outlive the call. The cleanup function owns them, so they go with it: after the
	// render thread's copy, and also where there is no resource to copy into, as on a dedicated server.
	Texture->UpdateTextureRegions(0, 1, &Upload->Region, Width * ScumbleBytesPerPixel, ScumbleBytesPerPixel,
		Upload->Bytes.GetData(), [Kept = Upload](const uint8*, const FUpdateTextureRegion2D*) {});
	return Texture;
}
