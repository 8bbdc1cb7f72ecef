"""Generates the Python stubs from the protos: the wire's into the client, the manifest's into the contract.

Run as ``python scripts/generate_stubs.py``. With ``--check``, nothing is written: the command fails and names the
stubs that differ from what the protos say.
"""

import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

CHECKOUT = Path(__file__).resolve().parent.parent
PROTOS = CHECKOUT / "protos"
# The manifest's stub has no imports of ours, so it may live outside the path of its proto package.
MANIFEST_STUBS = Path("contract/stubs")
WIRE_STUBS = Path("client/src")


def main() -> None:
    """Generates the stubs, or checks them."""
    if "--check" in sys.argv[1:]:
        check()
    else:
        generate(CHECKOUT)


def check() -> None:
    """Exits with a message if the committed stubs differ from what the protos say."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        if differing := sorted(_differing(Path(scratch))):
            sys.exit("these stubs differ from the protos; run `make stubs`:\n" + "\n".join(map(str, differing)))


def generate(root: Path) -> None:
    """Writes every stub below `root`."""
    _protoc(root / WIRE_STUBS, "paceline/v1", grpc=True)
    with tempfile.TemporaryDirectory() as scratch:
        _protoc(Path(scratch), "paceline/manifest/v1", grpc=False)
        target = root / MANIFEST_STUBS
        target.mkdir(parents=True, exist_ok=True)
        for stub in Path(scratch).rglob("*_pb2.py*"):
            (target / stub.name).write_bytes(stub.read_bytes())


def _differing(fresh: Path) -> Iterator[Path]:
    """Yields the stubs that are missing, stale or left over in the checkout, which `fresh` is compared with."""
    for stub in _stubs(fresh) | _stubs(CHECKOUT):
        sides = [root / stub for root in (fresh, CHECKOUT)]
        if not all(side.exists() for side in sides) or sides[0].read_bytes() != sides[1].read_bytes():
            yield stub


def _stubs(root: Path) -> set[Path]:
    folders = (WIRE_STUBS, MANIFEST_STUBS)
    return {path.relative_to(root) for folder in folders for path in (root / folder).rglob("*_pb2*.py*")}


def _protoc(out: Path, package: str, *, grpc: bool) -> None:
    out.mkdir(parents=True, exist_ok=True)
    outputs = [f"--python_out={out}", f"--mypy_out=quiet:{out}"]
    if grpc:
        outputs += [f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}"]
    protos = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / package).glob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    if protoc.main(["protoc", f"-I{PROTOS}", f"-I{well_known}", *outputs, *protos]):
        sys.exit("protoc failed")


if __name__ == "__main__":
    # protoc looks for its mypy plugins on the PATH, where those of a virtual environment need not be.
    os.environ["PATH"] = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    main()
