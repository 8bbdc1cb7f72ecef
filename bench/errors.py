"""What can stop a benchmark."""


class BenchError(Exception):
    """A benchmark can't run, or what it measured failed."""
