"""iCLIP (paper 001)."""
