"""Tooling around Feast for feature engineers: aggregate, plan, apply, materialise."""
