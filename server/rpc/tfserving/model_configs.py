"""The models of a server as TensorFlow Serving writes them: a `ModelServerConfig`, in protobuf's text format.

See tensorflow.org/tfx/serving/serving_config.
"""

from collections.abc import Iterator, Sequence

from google.protobuf import text_format

from server.domain.errors import FieldViolation, InvalidRequest
from server.domain.models import Every, Latest, ModelConfig, Specific, VersionPolicy
from server.rpc.tfserving.stubs import model_server_config_pb2 as pb

PLATFORM = "tensorflow"


def parse_model_configs(text: str, source: str) -> Sequence[ModelConfig]:
    """Returns the models of a text, in its order.

    Args:
        text: A `ModelServerConfig`.
        source: Where it is from: a file or a field, which violations name.

    Raises:
        InvalidRequest: It does not parse, with line and column, or asks for what can't be, with every such field.
    """
    try:
        message = text_format.Parse(text, pb.ModelServerConfig())
    except text_format.ParseError as error:
        found = str(error).partition(" : ")[2] or str(error)
        place = f"line {error.GetLine()}, column {error.GetColumn()}"
        raise InvalidRequest([FieldViolation(source, f"{place}: {found}")]) from None
    return to_model_configs(message, f"{source}: ")


def to_model_configs(message: pb.ModelServerConfig, prefix: str) -> Sequence[ModelConfig]:
    """Returns the models of a message, in its order.

    Args:
        message: The message.
        prefix: What goes before the names of its fields in violations.

    Raises:
        InvalidRequest: It asks for what can't be, with every such field.
    """
    violations = [FieldViolation(f"{prefix}{field}", text) for field, text in _violations(message)]
    if violations:
        raise InvalidRequest(violations)
    return [_to_config(config) for config in message.model_config_list.config]


def format_model_configs(configs: Sequence[ModelConfig]) -> str:
    """Returns models as a text that `parse_model_configs` and TensorFlow Serving read."""
    listed = pb.ModelConfigList(config=[_from_config(config) for config in configs])
    return str(text_format.MessageToString(pb.ModelServerConfig(model_config_list=listed)))


def _violations(message: pb.ModelServerConfig) -> Iterator[tuple[str, str]]:
    if message.WhichOneof("config") != "model_config_list":
        found = "is missing" if message.WhichOneof("config") is None else "is replaced by custom_model_config"
        yield "model_config_list", f"{found}, expected a list of models"
    names: set[str] = set()
    for place, config in enumerate(message.model_config_list.config):
        field = f"model_config_list.config[{place}]"
        if config.name in names:
            yield f"{field}.name", f"is {config.name!r} once more, expected each model once"
        names.add(config.name)
        yield from ((f"{field}.{name}", text) for name, text in _config_violations(config))


def _config_violations(config: pb.ModelConfig) -> Iterator[tuple[str, str]]:
    if not config.name:
        yield "name", "is empty, expected the name of a model"
    if not config.base_path:
        yield "base_path", "is empty, expected the folder of the model's versions"
    if config.model_platform not in ("", PLATFORM):
        yield "model_platform", f"is {config.model_platform!r}, expected {PLATFORM!r}"
    if config.model_type:
        yield "model_type", f"is deprecated, expected model_platform: {PLATFORM!r} instead"
    if config.HasField("logging_config"):
        yield "logging_config", "is not supported, expected none"
    yield from _policy_violations(config)
    for label, version in sorted(config.version_labels.items()):
        if not label or version <= 0:
            yield f"version_labels[{label!r}]", f"is {version}, expected a label and a version above 0"


def _policy_violations(config: pb.ModelConfig) -> Iterator[tuple[str, str]]:
    policy = config.model_version_policy
    if policy.WhichOneof("policy_choice") != "specific":
        return
    field, versions = "model_version_policy.specific.versions", policy.specific.versions
    if not versions:
        yield field, "is empty, expected at least one version"
    for place, version in enumerate(versions):
        if version <= 0:
            yield f"{field}[{place}]", f"is {version}, expected a version above 0"


def _to_config(config: pb.ModelConfig) -> ModelConfig:
    return ModelConfig(config.name, config.base_path, _to_policy(config), dict(config.version_labels))


def _to_policy(config: pb.ModelConfig) -> VersionPolicy:
    policy = config.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "specific":
            return Specific(frozenset(policy.specific.versions))
        case "all":
            return Every()
    return Latest(max(1, policy.latest.num_versions))


def _from_config(config: ModelConfig) -> pb.ModelConfig:
    message = pb.ModelConfig(
        name=config.name, base_path=config.base_path, model_platform=PLATFORM, version_labels=config.labels
    )
    match config.policy:
        case Specific(versions):
            message.model_version_policy.specific.versions.extend(sorted(versions))
        case Every():
            message.model_version_policy.all.SetInParent()
        case Latest(count):
            message.model_version_policy.latest.num_versions = count
    return message
