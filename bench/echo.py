"""The limit to approach: a bare grpc.aio server that returns one ready response, whatever it is asked.

Run as ``python -m bench.echo RESPONSE_FILE PORT``. Same event loop and channel options as a worker of the real
server, so several may have the port.
"""

import asyncio
import sys
from pathlib import Path

import grpc
import uvloop

from server.rpc.channel import SHARING_OPTIONS

METHOD = "RecommendClasses"
SERVICE = "paceline.v1.RecommendationService"


async def serve(port: int, response: bytes) -> None:
    """Serves until the process is ended."""

    async def echo(_request: bytes, _context: object) -> bytes:
        return response

    server = grpc.aio.server(options=SHARING_OPTIONS)
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(int(sys.argv[2]), Path(sys.argv[1]).read_bytes()))
