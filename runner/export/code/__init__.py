"""Python text, without knowledge of a plan: names, values, imports, statements, lines."""
