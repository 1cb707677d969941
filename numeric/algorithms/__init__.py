"""Algorithms, one a file, each written to be read beside its pseudo-code; the losses and updates are pure functions."""
