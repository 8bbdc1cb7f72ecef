"""`python -m server`, which is `paceline serve` without the rest of the command line.

Feast and gRPC are imported when the server starts, not when the command line is read.
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import ContractError
from server.app.settings import Settings
from server.domain.errors import StartError


def serve(
    *,
    models: Annotated[Path, typer.Option(help="The folder of the models.")] = Path("models"),
    model: Annotated[str, typer.Option(help="The model to serve.")] = "ranking",
    repo: Annotated[Path, typer.Option(help="The feature repository.")] = Path("feature_repo"),
    profile: Annotated[str, typer.Option(help="Its profile, such as redis.", envvar="PACELINE_PROFILE")] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="For gRPC; 0 takes a free one.")] = 8500,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="For /metrics and /healthz.")] = 8501,
    poll_seconds: Annotated[float, typer.Option(min=0.01, help="How often to look for what is new.")] = 1.0,
    tls_cert: Annotated[Path | None, typer.Option(help="The server's certificate chain, as PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, as PEM.")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option(help="Whose certificates clients have to show.")] = None,
    grace_seconds: Annotated[float, typer.Option(min=0, help="For calls under way at the end.")] = 10.0,
) -> None:
    """Serve a model over gRPC, and swap in each newer version as it is published.

    Without a version it waits for one, NOT_SERVING. A version that is incomplete,
    changed, or does not fit the registry is refused, and the one before serves on.
    Ends with SIGTERM or SIGINT, once the calls under way are answered.

    For example:

    paceline serve
    paceline serve --profile redis --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
    """
    settings = Settings(
        models=models,
        model=model,
        repo=repo,
        profile=profile,
        host=host,
        port=port,
        http_port=http_port,
        poll_seconds=poll_seconds,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_client_ca=tls_client_ca,
        grace_seconds=grace_seconds,
    )
    run(settings)


def run(settings: Settings) -> None:
    """Serves until a signal ends it.

    Raises:
        StartError: It can't start.
        ContractError: The profile of the feature repository is missing or wrong.
    """
    import uvloop  # noqa: PLC0415 (see above)

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    uvloop.run(_serve_until_signal(settings))


async def _serve_until_signal(settings: Settings) -> None:
    from server.app.server import Server  # noqa: PLC0415 (see above)

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Server(settings).run(stop)


def main() -> None:
    """Runs `python -m server`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(serve)
    try:
        app()
    except (ContractError, StartError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
