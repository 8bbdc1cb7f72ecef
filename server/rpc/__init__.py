"""The gRPC services over the transport-free handlers of `server.ranking` and `server.inference`."""
