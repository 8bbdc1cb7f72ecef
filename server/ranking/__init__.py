"""The request path over ports: lease a version, filter the catalogue, read the member's features, rank."""
