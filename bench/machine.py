"""The machine and the versions that a figure belongs to."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("feast", "grpcio", "protobuf", "tensorflow", "uvloop")


def describe_machine() -> dict[str, object]:
    """Returns the processor, cores, memory and versions, for a benchmark's document."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next(
        (line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")), "unknown"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
