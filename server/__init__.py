"""The gRPC server: it reads features, ranks the catalogue, and swaps model versions without dropping a request."""
