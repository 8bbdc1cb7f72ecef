"""Several processes on one port: a supervisor keeps workers running, each a whole server with its own runners."""
