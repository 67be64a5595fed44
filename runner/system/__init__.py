"""Operating-system services on Linux and macOS: signals, descriptors, groups, orphans, clocks, files."""
