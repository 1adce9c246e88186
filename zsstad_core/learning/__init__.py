"""From cached tokens to a trained head: tokens in memory, the order of frames, batches, and the training loop."""
