"""Settings become a graph of artifacts, and the graph a table, an explanation, and rules for make."""
