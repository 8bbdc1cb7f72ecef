"""What a server is told when it starts. Read once; everything else receives plain values."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from server.models.policy import Transition
from server.ranking.probation import ProbationLimits


class Runtime(Enum):
    """What runs the models."""

    TENSORFLOW = "tensorflow"
    """Every signature, in a process of its own for each version."""
    OPENVINO = "openvino"
    """Ranking and the default signature, in the server's process; TensorFlow for versions that it can't run."""


CACHE_DIR = Path.home() / ".cache" / "paceline" / "models"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is run. Named as the flags of `paceline serve`."""

    models: str
    """The folder of the models: a path or a URL that fsspec understands."""
    model: str
    """The model that ranks: a folder of versions in `models`, or one of the model config's."""
    repo: Path
    """The feature repository."""
    profile: str = ""
    """Which profile of the feature repository; its default one when empty."""
    feature_cache_seconds: float = 0.0
    """How long members' features may be answered from memory; 0 reads them for each request."""
    feature_cache_members: int = 10_000
    """How many members a process remembers, some kilobytes each."""
    log_served: float = 0.0
    """The share of answers that is logged with all inputs, 0 to 1; none unasked: it is personal data on a disk."""
    served_log_bytes: int = 10 * 2**30
    """How large that log may be; the oldest days go first."""
    event_log: Path | None = None
    """Where events are recorded, by a server that ranks; ``event_log`` in the folder of all data when None."""
    fallback_lists: Path | None = None
    """The folder that `paceline batch-score` writes, for when the model can't rank; its default one when None."""
    model_config_file: Path | None = None
    """Which models to serve, as TensorFlow Serving's ModelServerConfig in text; only `model` when None."""
    host: str = "127.0.0.1"
    port: int = 8500
    """For gRPC; 0 takes a free one."""
    admin_address: str = "127.0.0.1:8502"
    """For ModelAdminService and HandleReloadConfigRequest; port 0 takes a free one."""
    http_port: int = 8501
    """For metrics and liveness; 0 takes a free one."""
    workers: int = 1
    """How many processes answer on the port, each with runners of its own; with 1, this one does."""
    poll_seconds: float = 1.0
    """How often to look for new versions, moved labels and a new catalogue."""
    require_manifest: bool = False
    """Whether every model has to have a manifest, and not just the one that ranks."""
    runtime: Runtime = Runtime.TENSORFLOW
    """What runs the models."""
    transition: Transition = Transition.AVAILABILITY
    """What comes first when versions are loaded and unloaded."""
    keep_seconds: float = 600.0
    """How long the version that a label left stays loaded, for a rollback."""
    max_slowdown: float | None = None
    """A version that takes so many times as long as the one that serves is refused; None compares no speeds."""
    probation: ProbationLimits = field(default_factory=ProbationLimits)
    """What a version is held to that a label was moved to."""
    cache_dir: Path = CACHE_DIR
    """Where versions from other filesystems are copied to."""
    cache_gib: float = 20.0
    """How much may lie there."""
    tls_cert: Path | None = None
    """The server's certificate chain as PEM; with `tls_key`."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """The authorities whose certificates clients have to show; None lets everybody in."""
    grace_seconds: float = 10.0
    """How long calls under way may take to end when the server is told to."""
