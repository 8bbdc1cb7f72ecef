"""A port of several workers is nobody else's."""

import socket

import pytest

from server.domain.errors import StartError
from server.workers.ports import reserved


def worker_socket(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    made.listen()
    return made


def test_workers_can_listen_on_it_and_get_all_connections() -> None:
    with reserved("127.0.0.1", 0) as port, worker_socket(port), worker_socket(port):
        for _ in range(20):
            socket.create_connection(("127.0.0.1", port)).close()


def test_it_is_refused_to_another_supervisor_though_no_worker_listens() -> None:
    with (
        reserved("127.0.0.1", 0) as port,
        pytest.raises(StartError, match=rf"can't listen on 127\.0\.0\.1:{port}: it is in use"),
        reserved("127.0.0.1", port),
    ):
        pass


def test_it_is_refused_to_another_server_though_no_worker_listens() -> None:
    with reserved("127.0.0.1", 0) as port, pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", port))


def test_a_port_that_a_server_listens_on_is_refused() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(StartError, match="it is in use"),
        reserved("127.0.0.1", server.getsockname()[1]),
    ):
        pass


def test_a_port_that_workers_of_a_supervisor_that_is_gone_listen_on_is_refused() -> None:
    with (
        worker_socket(0) as left,
        pytest.raises(StartError, match="it is in use"),
        reserved("127.0.0.1", left.getsockname()[1]),
    ):
        pass


def test_it_can_be_reserved_again_at_once() -> None:
    with reserved("127.0.0.1", 0) as port:
        pass
    with socket.create_server(("127.0.0.1", port)) as server:  # one whose connections linger
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()
        client.recv(1)
        client.close()
    with reserved("127.0.0.1", port) as again, worker_socket(again):
        assert again == port


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(StartError, match="not an address of this machine"), reserved("192.0.2.1", 0):
        pass
