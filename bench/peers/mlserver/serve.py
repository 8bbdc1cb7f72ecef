"""Serves a SavedModel with MLServer; the runtime is in `runtime.py`.

Runs in the environment that `setup.sh` beside it makes, and imports nothing of the project.

usage: serve.py <folder of the SavedModel> <port for gRPC> <for HTTP> <for metrics> <seconds that a batch waits>
"""

import asyncio
import sys

from mlserver import MLServer, ModelSettings, Settings
from mlserver.settings import ModelParameters

MAX_BATCH_SIZE = 32
"""Requests in a batch: as many as the load has in flight."""
PARALLEL_WORKERS = 0
"""Inference in the server's own process. A worker, the default, would share the one core, and requests would be
pickled on their way there and back."""


async def main(saved_model: str, ports: list[int], max_batch_seconds: float) -> None:
    """Serves until the process is ended; without batches if these wait for 0 seconds."""
    grpc_port, http_port, metrics_port = ports
    settings = Settings(
        debug=False,
        host="127.0.0.1",
        grpc_port=grpc_port,
        http_port=http_port,
        metrics_port=metrics_port,
        parallel_workers=PARALLEL_WORKERS,
        load_models_at_startup=False,
    )
    model = ModelSettings(
        name="ranking",
        implementation="runtime.SavedModel",
        max_batch_size=MAX_BATCH_SIZE if max_batch_seconds else 0,
        max_batch_time=max_batch_seconds,
        parameters=ModelParameters(uri=saved_model),
    )
    await MLServer(settings).start([model])


if __name__ == "__main__":
    folder, *numbers, seconds = sys.argv[1:]
    asyncio.run(main(folder, [int(number) for number in numbers], float(seconds)))
