"""The server as a process: how it starts, what it imports, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.app import publish, write_features
from tests.support.feast_store import NOW, SQLITE, write_profile
from tests.support.polling import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return write_profile(tmp_path, SQLITE.format(root=tmp_path))


def command(repo: Path, *arguments: object) -> list[str]:
    ports = ("--port", 0, "--http-port", 0, "--admin-address", "127.0.0.1:0")
    words = (
        sys.executable,
        "-m",
        "server",
        "--models",
        repo.parent / "models",
        "--repo",
        repo,
        *ports,
        *arguments,
    )
    return [str(word) for word in words]


@pytest.fixture
def started(repo: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server without a model, and its port."""
    with subprocess.Popen(command(repo), cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"listening on port (\d+), for admins on port \d+, for HTTP on port \d+", line):
                break
        else:
            pytest.fail("the server did not start")
        try:
            yield process, int(found[1])
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(started: tuple[subprocess.Popen[str], int], number: signal.Signals) -> None:
    process, _ = started
    process.send_signal(number)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in log
    assert "ended" in log


@pytest.mark.parametrize("path", ["history/00000001.json", "1/manifest.json"])
def test_it_ends_though_a_file_of_a_model_takes_for_ever_to_read(
    repo: Path, started: tuple[subprocess.Popen[str], int], path: str
) -> None:
    process, _ = started
    with endless(repo.parent / "models" / "ranking", path):
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in log
    assert "ended" in log


@contextmanager
def endless(model_dir: Path, path: str) -> Iterator[None]:
    """Publishes a file that is never read to its end, and yields once it is being read."""
    file = model_dir.with_name("aside") / path
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    os.utime(file.parent, (1000, 1000))  # as if nothing was still arriving
    model_dir.with_name("aside").rename(model_dir)
    descriptor = until(lambda: writing_end(model_dir / path), 60)
    try:
        yield
    finally:
        os.close(descriptor)


def writing_end(fifo: Path) -> int | None:
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # nobody reads it yet
        return None


def refused(words: list[str]) -> str:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_in_use_is_an_error(repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        log = refused(command(repo, "--port", port))
    assert f"error: can't listen on 127.0.0.1:{port}: it is in use" in log


def test_an_http_port_in_use_is_an_error(repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        log = refused(command(repo, "--http-port", port))
    assert f"error: can't listen on 127.0.0.1:{port} for HTTP: Address already in use" in log


def test_a_feature_repository_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    log = refused(command(tmp_path / "nowhere"))
    assert "nowhere/feature_store.yaml does not exist" in log


def test_what_keeps_a_worker_from_starting_is_an_error(tmp_path: Path) -> None:
    log = refused(command(tmp_path / "nowhere", "--workers", 2))
    assert "nowhere/feature_store.yaml does not exist" in log


def test_a_key_without_a_certificate_is_an_error(repo: Path) -> None:
    log = refused(command(repo, "--tls-key", "key.pem"))
    assert "error: --tls-cert and --tls-key go together" in log


def test_answering_a_request_imports_neither_tensorflow_nor_feast(repo: Path) -> None:
    write_features(repo)
    publish(repo.parent, 1)
    program = Path(__file__).with_name("answer_once.py")
    done = subprocess.run(
        [sys.executable, program, repo.parent, str(NOW)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    answered, modules = done.stdout.splitlines()
    assert answered == "c2"
    roots = {name.partition(".")[0] for name in modules.split()}
    assert {"grpc", "numpy", "server"} <= roots
    assert not {"tensorflow", "keras", "feast", "pandas", "pyarrow", "fastapi", "sqlalchemy"} & roots
