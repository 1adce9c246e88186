"""Training of heads: samples and tokens in memory, the order of samples, batches, and the training loop."""
