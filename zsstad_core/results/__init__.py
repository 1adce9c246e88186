"""Many evaluations as one table, as in a paper: its runs, their numbers, and the published rows beside them."""
