"""The supervisor: plan → events. Standard library only, one thread, so that forking is quick and safe."""
