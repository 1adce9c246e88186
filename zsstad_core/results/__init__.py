"""Many evaluations as one table of a paper: which runs it needs, their numbers, and the published rows beside them."""
