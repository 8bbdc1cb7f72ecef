"""A server for tests of services that ask Paceline: real gRPC on a loopback port, rankings as written down.

As a pytest fixture: ``from paceline.testing.plugin import paceline_server`` in a conftest.py.
"""

from paceline.testing.server import FakeServer

__all__ = ["FakeServer"]
