"""What a server is told when it starts. Read once; everything else receives plain values."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is run. Named as the flags of `paceline serve`."""

    models: Path
    """The folder of the models."""
    model: str
    """The model to serve: a folder of versions in `models`."""
    repo: Path
    """The feature repository."""
    profile: str = ""
    """Which profile of the feature repository; its default one when empty."""
    host: str = "127.0.0.1"
    port: int = 8500
    """For gRPC; 0 takes a free one."""
    http_port: int = 8501
    """For metrics and liveness; 0 takes a free one."""
    poll_seconds: float = 1.0
    """How often to look for new versions and for a new catalogue."""
    tls_cert: Path | None = None
    """The server's certificate chain as PEM; with `tls_key`."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """The authorities whose certificates clients have to show; None lets everybody in."""
    grace_seconds: float = 10.0
    """How long calls under way may take to end when the server is told to."""
