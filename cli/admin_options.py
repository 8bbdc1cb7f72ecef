"""How the commands that change something reach a server's admin address, and what they say of who does it."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from cli.connection import PANEL, Timeout, TlsCa, TlsCert, TlsKey, explained, tls_options
from paceline import AdminClient, DeadlineExceeded, ErrorReason, Note, PermissionDenied, TlsOptions

_NO_ANSWER = (
    "start one with `paceline serve`; for one on another machine, run this there or forward its port for admins "
    "(`ssh -N -L 8502:127.0.0.1:8502 HOST`); or name another address with --admin-address"
)

Model = Annotated[str, typer.Option(help="The name of the model.")]
AdminAddress = Annotated[
    str,
    typer.Option(
        envvar="PACELINE_ADMIN_ADDRESS", help="Its host and port that are for admins.", rich_help_panel=PANEL
    ),
]
Reason = Annotated[str, typer.Option("--reason", "-m", metavar="TEXT", help="Why; kept in the history.")]
Actor = Annotated[str | None, typer.Option(help="Who; kept in the history.", show_default="you, at this machine")]


@dataclass(frozen=True, slots=True)
class NoteOptions:
    """Who does something, and why."""

    reason: Reason = ""
    actor: Actor = None

    @property
    def who(self) -> str:
        """Who does it."""
        return self.actor or f"{_user()}@{socket.gethostname()}"

    def note(self) -> Note:
        """Returns what the history is to keep."""
        return Note(actor=self.who, reason=self.reason)


@dataclass(frozen=True, slots=True)
class AdminOptions:
    """The server that is asked, at its admin address."""

    admin_address: AdminAddress = "127.0.0.1:8502"
    timeout: Timeout = 10.0
    tls_ca: TlsCa = None
    tls_cert: TlsCert = None
    tls_key: TlsKey = None

    @property
    def tls(self) -> TlsOptions | None:
        """How to use TLS, None for a plain connection."""
        return tls_options(self.tls_ca, self.tls_cert, self.tls_key)

    @contextmanager
    def connected(self) -> Iterator[AdminClient]:
        """Gives a client for the block, whose errors are explained.

        Raises:
            Unavailable: No server answers; says how to reach one.
            DeadlineExceeded: There was no answer in time.
            PermissionDenied: The address is not for admins; says which is.
            typer.BadParameter: What the user wrote can't be put into a request.
        """
        with AdminClient(self.admin_address, tls=self.tls, timeout=self.timeout) as client:
            try:
                with explained(self.admin_address, self.timeout, _NO_ANSWER):
                    yield client
            except DeadlineExceeded as error:
                doubt = "if it was to change something, that may be done all the same: look before you ask again"
                raise DeadlineExceeded(f"{error}; {doubt}") from error
            except PermissionDenied as error:
                if error.reason != ErrorReason.ERROR_REASON_ADMIN_ONLY:
                    raise
                advice = "give the server's admin address with --admin-address, by default 127.0.0.1:8502"
                raise PermissionDenied(f"{self.admin_address} does not answer admins: {advice}") from error


def _user() -> str:
    """Returns the name of the user, or the number of one without a name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
