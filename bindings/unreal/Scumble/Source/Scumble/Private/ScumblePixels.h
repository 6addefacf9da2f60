#pragma once

#include "CoreMinimal.h"
#include "RHITypes.h"
#include "ScumbleLibrary.h"
#include "Templates/SharedPointer.h"

class UTexture2D;

/** Pixels on their way from the library into a texture. */
class FScumblePixels
{
public:
	FScumblePixels(int32 Width, int32 Height);

	/** What the library writes into. */
	scumble_image Image() const;

	/**
	 * Shows them in a texture, or in a new one if there is none of this size. The render thread copies them later, and
	 * keeps them until then.
	 */
	UTexture2D* Show(UTexture2D* Texture) const;

private:
	struct FUpload
	{
		FUpdateTextureRegion2D Region;
		TArray<uint8> Bytes;
	};
	TSharedRef<FUpload, ESPMode::ThreadSafe> Upload;
};
