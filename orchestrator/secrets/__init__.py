"""Secrets by reference, and the one mask of all that is stored, logged or shown."""
