"""The profiles of this project: one set of definitions, each with what it needs, and the file of a registry."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from feast import FileSource
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryProto
from feast.repo_config import RegistryConfig

from contract.errors import ProfileError
from features.apply import apply
from features.description import describe
from features.errors import RepositoryError
from features.registry_file import WholeFileRegistryStore
from features.repository import load_definitions, open_store
from features.schema import rows_path
from server.features.opening import open_stores
from server.features.registry import Registry
from tests.support.site import ROOT

pytestmark = pytest.mark.slow

REPO = ROOT / "feature_repo"


def test_the_definitions_are_the_same_but_for_the_kind_of_their_sources() -> None:
    files, on_spark = (describe(load_definitions(REPO, profile)) for profile in ("staging", "prod"))
    assert (files.entities, files.services) == (on_spark.entities, on_spark.services)
    assert files.views.keys() == on_spark.views.keys()
    for name, view in files.views.items():
        assert view.features == on_spark.views[name].features
        assert on_spark.views[name].source == f"SparkSource {view.source}"


def test_a_profile_of_the_shell_does_not_choose_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_PROFILE", "prod")
    sources = [listed.batch_source for listed in load_definitions(REPO, "dev") if hasattr(listed, "batch_source")]
    assert {type(source) for source in sources} == {FileSource}


def test_a_source_on_spark_reads_its_folder() -> None:
    source = SparkSource(name="rows", path="/data/rows", file_format="parquet", timestamp_field="at")
    assert rows_path(source) == "/data/rows/*.parquet"
    assert rows_path(SparkSource(name="rows", table="rows", timestamp_field="at")) is None


@pytest.mark.parametrize("profile", ["staging", "prod"])
def test_a_database_that_is_not_named_is_asked_for(profile: str) -> None:
    with pytest.raises(ProfileError, match="the environment variable PACELINE_REGISTRY is not set"):
        open_store(REPO, profile)


def test_a_server_needs_no_spark_to_read_the_registry_of_prod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACELINE_DATA", str(tmp_path))
    monkeypatch.setenv("PACELINE_REGISTRY", f"sqlite:///{tmp_path}/registry.db")
    apply(open_store(REPO, "prod"), load_definitions(REPO, "prod"))
    monkeypatch.setitem(sys.modules, "pyspark", None)
    registry = Registry(open_stores(REPO, "prod").registry)
    registry.refresh()
    assert registry.find("member_activity") is not None
    monkeypatch.delitem(sys.modules, "feast.infra.offline_stores.contrib.spark_offline_store.spark")
    with pytest.raises(RepositoryError, match=r"feature_store.prod.yaml: Could not import module .*spark'"):
        open_store(REPO, "prod")


def test_a_registry_in_a_file_is_found_whole_whenever_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    store = WholeFileRegistryStore(RegistryConfig(path=str(path)), tmp_path)
    registry = RegistryProto()
    for number in range(5000):
        registry.entities.add().spec.name = f"entity {number}"
    store.update_registry_proto(registry)

    def write() -> None:
        for _ in range(30):
            store.update_registry_proto(registry)

    writer = threading.Thread(target=write)
    writer.start()
    read: Callable[[], RegistryProto] = store.get_registry_proto
    found = {len(read().entities)}
    while writer.is_alive():
        found.add(len(read().entities))
    assert found == {5000}
    assert [kept.name for kept in tmp_path.iterdir()] == ["registry.db"]
