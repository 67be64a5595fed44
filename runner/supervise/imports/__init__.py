"""User code that runs in the supervisor itself: imports, checks of targets, and what they leave running."""
