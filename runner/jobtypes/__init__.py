"""Job types, and the worker functions that their processes run.

Empty on purpose: children import their workers from this package.
"""
