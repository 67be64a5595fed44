"""The supervisor: turns a plan into events. Single-threaded, standard library only, so that forks are fast."""
