"""From the data of a file to the plan: jobs, names, main, edits, and what has no effect."""
