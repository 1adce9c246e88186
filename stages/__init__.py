"""One file a stage; each reads as a recipe. `make` runs them in order; each can be run alone."""
