"""Events → people."""
