"""The flags of `paceline serve`; what they mean is told in `server.app.settings`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

from typer import Option

from server.app.settings import Runtime
from server.models.policy import Transition

_MODELS = "What is served"
_ADDRESSES = "Where it listens"
_VERSIONS = "How versions come and go"
_PROBATION = "Probation: a label is moved back from a version that is beyond a limit"
_PORT = {"min": 0, "max": 65535, "rich_help_panel": _ADDRESSES}


class LogLevel(Enum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


Models = Annotated[str, Option(help="The folder of the models: a path, s3://…, gs://….", rich_help_panel=_MODELS)]
Model = Annotated[str, Option(help="The model that ranks.", rich_help_panel=_MODELS)]
ModelConfigFile = Annotated[
    Path | None,
    Option(help="Serve what this lists, as TensorFlow Serving's model_config_list.", rich_help_panel=_MODELS),
]
RequireManifest = Annotated[
    bool, Option("--require-manifest", help="Refuse any version without a manifest.", rich_help_panel=_MODELS)
]
Repo = Annotated[Path, Option(help="The feature repository.", rich_help_panel=_MODELS)]
Profile = Annotated[
    str, Option(help="Its profile, such as redis.", envvar="PACELINE_PROFILE", rich_help_panel=_MODELS)
]
FeatureCacheSeconds = Annotated[
    float,
    Option(
        min=0,
        help="How long members' features are answered from memory; 0: only if the store can't be read.",
        rich_help_panel=_MODELS,
    ),
]
FeatureCacheMembers = Annotated[
    int,
    Option(
        min=1,
        help="Of how many members features are kept, some kilobytes each, for when the store can't be read, too.",
        rich_help_panel=_MODELS,
    ),
]
EventLog = Annotated[
    Path | None,
    Option(help="Where events are recorded.", show_default="<data>/event_log", rich_help_panel=_MODELS),
]

LogServed = Annotated[
    float,
    Option(
        min=0,
        max=1,
        help="The share of answers that is logged, for --from-log and features skew.",
        rich_help_panel=_MODELS,
    ),
]
ServedLogBytes = Annotated[
    int, Option(min=1, help="How large that log may be; the oldest days go first.", rich_help_panel=_MODELS)
]
FallbackLists = Annotated[
    Path | None,
    Option(
        help="What `paceline batch-score` writes, for when the model can't rank.",
        show_default="<data>/recommendations",
        rich_help_panel=_MODELS,
    ),
]

Host = Annotated[str, Option(help="The address to listen on.", rich_help_panel=_ADDRESSES)]
Port = Annotated[int, Option(help="For gRPC; 0 takes a free one.", **_PORT)]
HttpPort = Annotated[int, Option(help="For /metrics and /healthz.", **_PORT)]
AdminAddress = Annotated[
    str, Option(help="For those who move labels and change what is served.", rich_help_panel=_ADDRESSES)
]
Workers = Annotated[
    int,
    Option(min=1, help="Processes that share the port, each with its own models.", rich_help_panel=_ADDRESSES),
]
TlsCert = Annotated[
    Path | None, Option(help="The server's certificate chain, as PEM.", rich_help_panel=_ADDRESSES)
]
TlsKey = Annotated[Path | None, Option(help="Its private key, as PEM.", rich_help_panel=_ADDRESSES)]
TlsClientCa = Annotated[
    Path | None, Option(help="Whose certificates clients have to show.", rich_help_panel=_ADDRESSES)
]

RuntimeFlag = Annotated[
    Runtime,
    Option(help="openvino: faster, without TensorFlow; only ranks and predicts.", rich_help_panel=_MODELS),
]
PollSeconds = Annotated[
    float, Option(min=0.01, help="How often to look for what is new.", rich_help_panel=_VERSIONS)
]
TransitionFlag = Annotated[
    Transition,
    Option(help="Load the new version before the old one goes, or make room first.", rich_help_panel=_VERSIONS),
]
KeepSeconds = Annotated[
    float, Option(min=0, help="Keep a version that a label left, for a rollback.", rich_help_panel=_VERSIONS)
]
CompareSpeed = Annotated[
    bool,
    Option(
        "--compare-speed", help="Refuse a version that is slower than the present one.", rich_help_panel=_VERSIONS
    ),
]
MaxSlowdown = Annotated[
    float, Option(min=1, help="How many times as long it may take.", rich_help_panel=_VERSIONS)
]
CacheDir = Annotated[
    Path,
    Option(
        help="Where versions from other filesystems are copied to.",
        show_default="~/.cache/paceline/models",
        rich_help_panel=_VERSIONS,
    ),
]
CacheGib = Annotated[float, Option(min=0, help="How much may lie there.", rich_help_panel=_VERSIONS)]

ProbationSeconds = Annotated[
    float, Option(min=0, help="How long a version is on it; 0: not at all.", rich_help_panel=_PROBATION)
]
BreachSeconds = Annotated[
    float, Option(min=0, help="How long it has to be beyond a limit.", rich_help_panel=_PROBATION)
]
MaxErrorRate = Annotated[
    float,
    Option(
        min=0,
        help="The share of its calls that may fail, from 10 failures or 100 calls on.",
        rich_help_panel=_PROBATION,
    ),
]
MaxP99Factor = Annotated[
    float,
    Option(
        min=1, help="How many times the p99 of the rankings before, from 100 calls on.", rich_help_panel=_PROBATION
    ),
]
MaxScoreDrift = Annotated[
    float,
    Option(
        min=0, help="The population stability index of its scores, from 100 calls on.", rich_help_panel=_PROBATION
    ),
]

LogLevelFlag = Annotated[LogLevel, Option(help="With debug, every call is logged with its version and arm.")]
GraceSeconds = Annotated[float, Option(min=0, help="For calls under way at the end.")]
