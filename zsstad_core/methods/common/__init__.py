"""What methods share: rows and features of a batch, labels, losses, the base class of all heads."""
