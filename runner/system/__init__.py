"""What the operating system offers, on Linux and elsewhere: signals, descriptors, groups, orphans, clocks, files."""
