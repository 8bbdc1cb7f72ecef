"""The one place where the server is put together."""
