"""What methods share: rows and features of a batch, labels, losses, the base of all heads."""
