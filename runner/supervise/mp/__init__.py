"""Work with multiprocessing's internals: its forkserver, its resource tracker and its standard streams."""
