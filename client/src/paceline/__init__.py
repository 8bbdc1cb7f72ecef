"""Clients for Paceline."""
