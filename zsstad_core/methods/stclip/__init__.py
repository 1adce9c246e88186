"""ST-CLIP (paper 002)."""
