"""One module per stage, short enough to read as a recipe. `make` runs them in order; each can be run alone."""
