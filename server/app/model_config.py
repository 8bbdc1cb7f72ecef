"""Reading which models are to be served."""

from collections.abc import Sequence

from server.app.settings import Settings
from server.domain.errors import InvalidRequest, StartError
from server.domain.models import ModelConfig
from server.rpc.tfserving.model_configs import parse_model_configs


def read_model_configs(settings: Settings) -> Sequence[ModelConfig]:
    """Returns the models to serve: those of the model config, or only the one that ranks.

    Raises:
        StartError: The file can't be read, or does not say what is to be served.
    """
    path = settings.model_config_file
    if path is None:
        return [ModelConfig(settings.model, f"{settings.models.rstrip('/')}/{settings.model}")]
    try:
        return parse_model_configs(path.read_text(encoding="utf-8"), f"--model-config-file {path}")
    except OSError as error:
        raise StartError(f"--model-config-file {path} can't be read: {error.strerror}") from None
    except (InvalidRequest, UnicodeDecodeError) as error:
        raise StartError(str(error)) from None
