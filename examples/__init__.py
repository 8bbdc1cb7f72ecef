"""Paceline on other people's data."""
