#pragma once

#include "CoreMinimal.h"

/**
 * Where a model lies on the disk, in the editor and in a packaged game: a folder within ScumbleModels of the project or
 * Models of the plugin, or one given by its absolute path. Empty if there is none; the error says where it was looked for.
 */
FString FindScumbleModel(const FString& Model, FString& Error);
