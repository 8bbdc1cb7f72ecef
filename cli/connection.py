"""How the commands that ask a server reach it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from paceline import DeadlineExceeded, ErrorReason, PacelineClient, TlsOptions, Unavailable

PANEL = "The server"
_PEM = {"exists": True, "dir_okay": False, "readable": True, "rich_help_panel": PANEL}

Address = Annotated[str, typer.Option(envvar="PACELINE_ADDRESS", help="Its host and port.", rich_help_panel=PANEL)]
Timeout = Annotated[float, typer.Option(min=0.001, help="The seconds to wait for it.", rich_help_panel=PANEL)]
TlsCa = Annotated[Path | None, typer.Option(help="Use TLS; who signs servers, PEM.", **_PEM)]
TlsCert = Annotated[Path | None, typer.Option(help="Use TLS; the certificate to show, PEM.", **_PEM)]
TlsKey = Annotated[Path | None, typer.Option(help="The key of --tls-cert, PEM.", **_PEM)]


def tls_options(ca: Path | None, cert: Path | None, key: Path | None) -> TlsOptions | None:
    """Returns how to use TLS, None for a plain connection.

    Raises:
        typer.BadParameter: Only one of certificate and key is given.
    """
    if (cert is None) != (key is None):
        raise typer.BadParameter("--tls-cert and --tls-key go together")
    return TlsOptions(ca, cert, key) if ca or cert else None


@contextmanager
def connected(address: str, timeout: float, tls: TlsOptions | None) -> Iterator[PacelineClient]:
    """Gives a client for the block, whose errors are explained."""
    advice = "start one with `paceline serve`, or name another with --address"
    with PacelineClient(address, tls=tls, timeout=timeout) as client, explained(address, timeout, advice):
        yield client


@contextmanager
def explained(address: str, timeout: float, advice: str) -> Iterator[None]:
    """Says what the user can do about errors of its block.

    Args:
        address: The server that is asked.
        timeout: The seconds that it is waited for.
        advice: What to do where no server answers.

    Raises:
        Unavailable: No server answers; gives the advice.
        DeadlineExceeded: There was no answer in time.
        typer.BadParameter: What the user wrote can't be put into a request.
    """
    try:
        yield
    except Unavailable as error:
        if error.reason != ErrorReason.ERROR_REASON_UNSPECIFIED:
            raise
        raise Unavailable(f"no server answers at {address}: {advice} ({error})") from error
    except DeadlineExceeded as error:
        message = f"{address} did not answer within {timeout:g} seconds; --timeout waits longer"
        raise DeadlineExceeded(message) from error
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
