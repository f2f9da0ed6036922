"""What every connector must hold, found by walking the folder: a new one is held to it by having samples."""
