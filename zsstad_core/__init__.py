"""Zero-shot spatio-temporal action detection from a cache of frozen features."""
