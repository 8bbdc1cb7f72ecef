"""Publishing from worlds that are too small to tell whether a model is good."""

FORCED = ("--force", "--reason", "a world too small to tell")
"""Flags of `paceline train`."""
