"""The online store: reads features with their age known, and compares the registry with what a model expects."""
