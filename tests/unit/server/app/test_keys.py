"""Which keys a server has to be given."""

from pathlib import Path
from typing import Any

import pytest

from server.app.keys import read_keys
from server.app.settings import Settings
from server.domain.errors import StartError
from server.rpc.channel import Tls


def settings(**keys: Path) -> Settings:
    return Settings(models=Path(), model="ranking", repo=Path(), **keys)  # type: ignore[arg-type]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / name for name in ("tls_cert", "tls_key", "tls_client_ca")}
    for name, path in paths.items():
        path.write_text(name)
    return paths


def test_without_keys_connections_are_plain() -> None:
    assert read_keys(settings()) is None


def test_the_files_are_read(files: dict[str, Path]) -> None:
    assert read_keys(settings(**files)) == Tls(b"tls_key", b"tls_cert", b"tls_client_ca")
    del files["tls_client_ca"]
    assert read_keys(settings(**files)) == Tls(b"tls_key", b"tls_cert", None)


@pytest.mark.parametrize("given", [["tls_cert"], ["tls_key"], ["tls_client_ca"], ["tls_cert", "tls_client_ca"]])
def test_a_key_that_lacks_another_is_refused(files: dict[str, Path], given: list[str]) -> None:
    with pytest.raises(StartError, match="--tls-cert and --tls-key go together, and --tls-client-ca needs both"):
        read_keys(settings(**{name: files[name] for name in given}))


@pytest.mark.parametrize("name", ["tls_cert", "tls_key", "tls_client_ca"])
def test_a_file_that_can_t_be_read_is_named_with_its_flag(files: dict[str, Any], name: str) -> None:
    files[name].unlink()
    flag = name.replace("_", "-")
    with pytest.raises(StartError, match=f"--{flag} .*{name} can't be read: No such file"):
        read_keys(settings(**files))
