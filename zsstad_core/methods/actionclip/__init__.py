"""ActionCLIP with frozen encoders: a temporal transformer on the frame tokens of a clip, several phrasings a class."""
