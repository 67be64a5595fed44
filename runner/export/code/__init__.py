"""Generate Python source text, independently of plans: names, values, imports, statements and lines."""
