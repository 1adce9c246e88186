"""The plan: the graph of artifacts that settings ask for, and its table, its explanations and its rules for make."""
