import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import ManifestError, ManifestFault
from contract.manifest import MANIFEST_NAME, read_manifest, verify_files, write_manifest
from contract.stubs import manifest_pb2 as pb

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_FLOAT = st.floats(width=32, allow_nan=False)
_MANIFESTS = st.builds(
    pb.Manifest,
    inputs=st.lists(
        st.builds(
            pb.Input,
            name=_TEXT,
            source=st.integers(0, 7),
            data_type=st.integers(0, 9),
            encoding=st.integers(0, 4),
            ttl_seconds=st.integers(0, 2**62),
            list_length=st.integers(0, 1000),
            default_number=st.none() | st.floats(allow_nan=False),
            default_text=st.none() | _TEXT,
        ),
        max_size=3,
    ),
    metrics=st.lists(st.builds(pb.Metric, name=_TEXT, value=st.floats(allow_nan=False)), max_size=3),
    golden_requests=st.lists(
        st.builds(
            pb.GoldenRequest,
            columns=st.lists(
                st.builds(
                    pb.Column,
                    input_name=_TEXT,
                    numbers=st.lists(_FLOAT, max_size=3),
                    integers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
                    texts=st.lists(_TEXT, max_size=3),
                ),
                max_size=2,
            ),
            scores=st.lists(st.floats(0, 1, width=32), max_size=3),
        ),
        max_size=2,
    ),
    training=st.builds(pb.Training, seed=st.integers(0, 2**62), spec_toml=_TEXT),
)
_FILES = st.dictionaries(
    st.sampled_from(["saved_model.pb", "variables/variables.index", "assets.extra/a/b"]),
    st.binary(max_size=50),
    min_size=1,
)


@contextmanager
def _version_dir(files: dict[str, bytes]) -> Iterator[Path]:
    """A folder of version 3 of the model "ranking"; made here because Hypothesis shares pytest's `tmp_path`."""
    with tempfile.TemporaryDirectory() as root:
        version_dir = Path(root) / "ranking" / "3"
        for name, content in files.items():
            path = version_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield version_dir


def _written(version_dir: Path, manifest: pb.Manifest | None = None) -> pb.Manifest:
    manifest = manifest or pb.Manifest()
    manifest.model_name, manifest.version = "ranking", 3
    write_manifest(version_dir, manifest)
    return manifest


@settings(max_examples=30)
@given(manifest=_MANIFESTS, files=_FILES)
def test_a_manifest_reads_as_it_was_written_and_its_files_verify(
    manifest: pb.Manifest, files: dict[str, bytes]
) -> None:
    with _version_dir(files) as version_dir:
        written = _written(version_dir, manifest)

        assert read_manifest(version_dir) == written
        assert {file.path: file.size_bytes for file in written.files} == {k: len(v) for k, v in files.items()}
        verify_files(version_dir, written)


@settings(max_examples=30)
@given(files=_FILES, data=st.data())
def test_any_flipped_bit_is_caught(files: dict[str, bytes], data: st.DataObject) -> None:
    with _version_dir(files | {"saved_model.pb": b"model"}) as version_dir:
        manifest = _written(version_dir)
        path = version_dir / data.draw(st.sampled_from([f.path for f in manifest.files if f.size_bytes]))
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)

        with pytest.raises(ManifestError, match="has SHA-256") as caught:
            verify_files(version_dir, manifest)
        assert caught.value.fault is ManifestFault.FILE_CHANGED


@settings(max_examples=30)
@given(files=_FILES, cut=st.integers(1, 50))
def test_a_file_that_is_cut_short_is_caught(files: dict[str, bytes], cut: int) -> None:
    with _version_dir(files | {"saved_model.pb": bytes(60)}) as version_dir:
        manifest = _written(version_dir)
        (version_dir / "saved_model.pb").write_bytes(bytes(60 - cut))

        with pytest.raises(ManifestError, match=f"has {60 - cut} bytes, the manifest says 60"):
            verify_files(version_dir, manifest)


def test_a_file_that_is_missing_or_not_listed_is_caught() -> None:
    with _version_dir({"saved_model.pb": b"model", "variables/a": b"a"}) as version_dir:
        manifest = _written(version_dir)
        (version_dir / "variables/b").write_bytes(b"b")
        with pytest.raises(ManifestError, match=r"variables/b is not listed"):
            verify_files(version_dir, manifest)

        shutil.rmtree(version_dir / "variables")
        with pytest.raises(ManifestError, match=r"variables/a does not exist") as caught:
            verify_files(version_dir, manifest)
        assert caught.value.fault is ManifestFault.FILE_MISSING


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": "x"}', b'{"unknown_field": 1}', b"\xff\xfe"])
def test_a_manifest_that_does_not_parse_is_caught(content: bytes) -> None:
    with _version_dir({MANIFEST_NAME: content}) as version_dir:
        with pytest.raises(ManifestError) as caught:
            read_manifest(version_dir)
        assert caught.value.fault is ManifestFault.MANIFEST_INVALID


def test_a_manifest_of_another_model_or_version_is_caught() -> None:
    with _version_dir({"saved_model.pb": b""}) as version_dir:
        write_manifest(version_dir, pb.Manifest(model_name="ranking", version=2))

        with pytest.raises(ManifestError, match="is for ranking/2, expected ranking/3"):
            read_manifest(version_dir)


def test_a_version_without_a_manifest_is_caught(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path)
    assert caught.value.fault is ManifestFault.MANIFEST_MISSING
