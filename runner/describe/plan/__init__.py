"""Build the plan from the data of a file: jobs, names, main, edits and fields without effect."""
