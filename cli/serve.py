"""`paceline serve`, which is `python -m server`."""

from server.__main__ import serve

__all__ = ["serve"]
