"""What the command `run-jobs` does, an action a module: `act` gives the exit status."""
