from paceline.testing.plugin import paceline_server

__all__ = ["paceline_server"]
