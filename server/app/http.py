"""A small HTTP server in a thread of its own: `/metrics` for Prometheus, `/healthz` for whoever restarts it.

`/healthz` tells that the process lives. Whether it serves is told by grpc.health.v1.
"""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from server.domain.errors import StartError


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Logs nothing: it is asked every few seconds."""


class HttpServer:
    """Serves metrics until it is closed.

    Args:
        host: The address.
        port: The port; 0 takes a free one.
        registry: The metrics.

    Raises:
        StartError: The address can't be bound.
    """

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        try:
            self._server = make_server(host, port, _application(registry), _Server, _QuietHandler)
        except OSError as error:
            raise StartError(f"can't listen on {host}:{port} for HTTP: {error.strerror}") from None
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="http", daemon=True).start()

    def close(self) -> None:
        """Stops serving and gives the port back."""
        self._server.shutdown()
        self._server.server_close()


def _application(registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                answer: Iterable[bytes] = metrics(environ, start_response)
                return answer
            case "/healthz":
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"ok\n"]
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not found; there are /metrics and /healthz\n"]

    return application
