"""Many evaluations as one table of a paper: its runs, their numbers, and the published rows beside them."""
