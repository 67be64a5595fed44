"""Shared things in a child that record their waiters and owners."""
