"""`paceline serve --workers 2`: two processes on one port, of a model as TensorFlow Serving's users have them."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import pytest

from bench.memory import children
from paceline import AdminClient, FailedPrecondition
from tests.support.half_plus import write_half_plus
from tests.support.load import loading
from tests.support.polling import until
from tests.support.processes import ends_within
from tests.support.server_process import ANY_PORTS, ServerProcess, serving
from tests.support.tfserving_client import ServingClient, array
from tests.support.tfserving_site import PACELINE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CONFIG = """
model_config_list {{ config {{ name: "half" base_path: "{root}/models/half" model_platform: "tensorflow" }} }}
"""
LOAD_SECONDS = 180.0
"""For the runners of two workers, one after the other."""
END_SECONDS = 30.0
CONNECTIONS = 16
"""The kernel spreads them: that all go to one worker of two has the chance of 1 in 32,768."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    write_half_plus(tmp_path / "models" / "half" / "1", 1.0)
    config = tmp_path / "models.config"
    config.write_text(CONFIG.format(root=tmp_path), encoding="utf-8")
    command = [
        PACELINE,
        "serve",
        "--model-config-file",
        config,
        "--workers",
        2,
        "--log-level",
        "debug",
        *ANY_PORTS,
    ]
    with serving(command, tmp_path / "server.log", cwd=tmp_path) as started:
        until(lambda: loaded(started) == 2, LOAD_SECONDS)
        yield started


def loaded(server: ServerProcess) -> float:
    """Returns how many workers have a version that serves."""
    return server.metric("paceline_versions", state="AVAILABLE")


def worker(server: ServerProcess, number: int) -> int:
    """Returns the process of a worker, the latest one."""
    return int(re.findall(rf"worker={number} pid=(\d+) started", "\n".join(server.lines))[-1])


def ask(address: str) -> float:
    """Asks by a connection of its own."""
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        return float(array(ServingClient(channel).predict({"x": np.array([4], dtype=np.float32)}, name="half"))[0])


def answered(server: ServerProcess, number: int) -> int:
    """Returns how many calls a worker has answered, by the log."""
    return sum(f"worker={number} " in line and "/Predict" in line for line in server.lines)


def calls(server: ServerProcess) -> float:
    return server.metric("paceline_requests_total", method="/tensorflow.serving.PredictionService/Predict")


def test_two_workers_serve_as_one(server: ServerProcess) -> None:
    assert [ask(server.address) for _ in range(CONNECTIONS)] == [3.0] * CONNECTIONS
    shares = [answered(server, number) for number in range(2)]
    assert min(shares) > 0
    assert sum(shares) == calls(server) == CONNECTIONS

    killed, other = worker(server, 0), worker(server, 1)
    runners = list(children(killed))
    with loading(partial(ask, server.address)) as load:
        until(lambda: len(load.answers) > 10, END_SECONDS)
        before = calls(server)
        os.kill(killed, signal.SIGKILL)
        until(lambda: worker(server, 0) != killed and loaded(server) == 2, LOAD_SECONDS)
        assert calls(server) >= before
        end = len(load.outcomes)
        until(lambda: len(load.outcomes) > end + 20, END_SECONDS)
    assert load.codes <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    assert len(load.outcomes) - len(load.answers) <= 4  # one for each thread: those that were under way
    assert worker(server, 1) == other
    assert server.metric("paceline_worker_restarts_total", worker="0") == 1
    assert all(ends_within(runner, END_SECONDS) for runner in runners)
    assert_it_ends(server)


def assert_it_ends(server: ServerProcess) -> None:
    workers = list(children(server.process.pid))
    family = [*workers, *(runner for pid in workers for runner in children(pid))]
    assert len(workers) == 2
    assert len(family) >= 4
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(END_SECONDS) == 0
    assert all(ends_within(pid, 0) for pid in family)
    assert "Traceback" not in "\n".join(server.lines)


def test_admins_move_labels_but_not_models(server: ServerProcess, tmp_path: Path) -> None:
    with AdminClient(server.admin_address) as admin:
        admin.promote_version("half", 1, label="canary", actor="a test")
        with pytest.raises(FailedPrecondition, match="restart the server with another --model-config-file"):
            admin.reload_model_config(CONFIG.format(root=tmp_path))
    until(lambda: server.metric("paceline_label_version", label="canary") == 2, END_SECONDS)  # 1 in each worker
    other = [PACELINE, "serve", "--port", server.port, "--http-port", 0, "--admin-address", "127.0.0.1:0"]
    assert_refused(server, [*other, "--model-config-file", tmp_path / "models.config"])
    assert_refused(server, [*other, "--model-config-file", tmp_path / "models.config", "--workers", 2])
    workers = list(children(server.process.pid))
    server.process.kill()
    assert all(ends_within(pid, END_SECONDS) for pid in workers)


def assert_refused(server: ServerProcess, command: list[object]) -> None:
    words = list(map(str, command))
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=END_SECONDS)
    assert run.returncode == 1
    assert f"can't listen on {server.address}: it is in use" in run.stderr
