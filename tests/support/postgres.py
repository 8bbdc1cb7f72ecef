"""A real PostgreSQL for tests: a cluster of its own behind a Unix socket, ended by its process id."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed import skip_without
from tests.support.polling import until

_SPEED = ("-c", "fsync=off", "-c", "listen_addresses=")


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yields the URL of an empty database, for SQLAlchemy.

    Skips the test where PostgreSQL is not installed, and fails it there if CI is set.
    """
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder, user = Path(name), _user()
        if user:
            shutil.chown(folder, user["user"], user["group"])
        making = [f"{programs}/initdb", "-D", f"{folder}/data", "-U", "paceline", "-A", "trust", "--no-sync"]
        subprocess.run(making, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
        command = [f"{programs}/postgres", "-D", f"{folder}/data", "-k", name, *_SPEED]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(command, stderr=log, cwd=folder, **user) as process,
        ):
            try:
                asking = [f"{programs}/pg_isready", "-q", "-h", name]
                until(lambda: subprocess.run(asking, check=False).returncode == 0, seconds=30)
                yield f"postgresql+psycopg://paceline@/postgres?host={folder}"
            finally:
                process.send_signal(signal.SIGINT)  # ends the connections that are left


def _programs() -> Path:
    """Returns the folder of the programs, which Debian keeps out of the PATH."""
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found = of_debian[-1] if of_debian else shutil.which("postgres")
    if found is None:
        skip_without("postgresql")
    return Path(found).parent


def _user() -> dict[str, Any]:
    """Returns as whom it is run: PostgreSQL refuses to be root's."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a database for the whole session; import it into a `conftest.py`."""
    with running_postgres() as url:
        yield url
