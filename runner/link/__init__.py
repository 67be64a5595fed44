"""The connection between the front and the supervisor: launching, messages and descriptors."""
