"""Generates the Python stubs from the protos: the wire's into the client, the manifest's into the contract.

Run as ``python scripts/generate_stubs.py [ROOT]``; with ROOT, the stubs are written below it instead of below
the checkout, which is how ``make lint`` compares them with the committed ones.
"""

import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

CHECKOUT = Path(__file__).resolve().parent.parent
PROTOS = CHECKOUT / "protos"
# The manifest's stub has no imports of ours, so it may live outside the path of its proto package.
MANIFEST_STUBS = Path("contract/stubs")
WIRE_STUBS = Path("client/src")


def generate(root: Path) -> None:
    """Writes every stub below `root`."""
    _protoc(root / WIRE_STUBS, "paceline/v1", grpc=True)
    with tempfile.TemporaryDirectory() as scratch:
        _protoc(Path(scratch), "paceline/manifest/v1", grpc=False)
        target = root / MANIFEST_STUBS
        target.mkdir(parents=True, exist_ok=True)
        for stub in Path(scratch).rglob("*_pb2.py*"):
            (target / stub.name).write_bytes(stub.read_bytes())


def _protoc(out: Path, package: str, *, grpc: bool) -> None:
    out.mkdir(parents=True, exist_ok=True)
    outputs = [f"--python_out={out}", f"--mypy_out={out}"]
    if grpc:
        outputs += [f"--grpc_python_out={out}", f"--mypy_grpc_out={out}"]
    protos = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / package).glob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    if protoc.main(["protoc", f"-I{PROTOS}", f"-I{well_known}", *outputs, *protos]):
        sys.exit("protoc failed")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT)
