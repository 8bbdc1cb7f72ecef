"""Which runtimes models are run in."""

from functools import partial

from server.app.place import Place
from server.app.settings import Runtime
from server.domain.errors import StartError
from server.models.ports import StartRunner


def preferred(runtime: Runtime, place: Place | None) -> list[StartRunner]:
    """Returns what starts a runner before TensorFlow is asked.

    Args:
        runtime: The runtime that was asked for.
        place: Which of several workers, who share the class state, this is; None if there are no others.

    Raises:
        StartError: The runtime is not installed.
    """
    if runtime is Runtime.TENSORFLOW:
        return []
    try:
        from server.models.openvino.runner import OpenVinoRunner  # noqa: PLC0415 (an extra)
        from server.models.openvino.sharing import SharedArrays, apart  # noqa: PLC0415 (the same)
    except ModuleNotFoundError as error:
        message = f"--runtime {runtime.value} needs the package {error.name}: pip install 'paceline[openvino]'"
        raise StartError(message) from None
    share = apart if place is None else SharedArrays(place.folder)
    return [partial(OpenVinoRunner.start, share=share)]
