"""User code in the supervisor itself: imports, target checks, and what they leave running."""
