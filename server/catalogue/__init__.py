"""The catalogue: every class and its features in memory, rebuilt in the background; and what was ranked before."""
