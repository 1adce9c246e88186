"""What the extract stages compute for a unit: tables and tokens of some clips, from one pass over their frames."""
