"""What multiprocessing keeps beside the supervisor, the forkserver and the resource tracker, and forks without it."""
