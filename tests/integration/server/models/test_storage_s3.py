"""What holds of versions and histories anywhere holds in S3: moto's server, over HTTP."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from contract.labels import LabelAction
from server.domain.versions import RefusalReason
from tests.support.model_places import FILES, Place, contents
from tests.support.model_server import ModelServer
from tests.unit.server.models.storage.test_label_history import TestAppending, TestReading, append_at_once
from tests.unit.server.models.storage.test_stores import TestFetch, TestFingerprint, TestPoll

pytestmark = pytest.mark.slow

__all__ = ["TestAppending", "TestFetch", "TestFingerprint", "TestPoll", "TestReading"]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    # One request at a time: moto looks whether an object is there, and stores it then.
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "any")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "any")
        s3fs.S3FileSystem().mkdir("models")
        yield "models"
    server.shutdown()


@pytest.fixture
def place(bucket: str, tmp_path: Path) -> Place:
    return Place(f"s3://{bucket}/{uuid.uuid4()}/classes", tmp_path / "cache", "s3://no-such-bucket/classes")


def test_of_servers_that_append_at_once_each_gets_a_number(place: Place) -> None:
    append_at_once(place)


def test_an_empty_object_that_stands_for_a_folder_is_no_file(place: Place) -> None:
    place.publish(1)
    before = place.open().poll()
    bucket, _, prefix = place.root.partition("/")
    for folder in ("", "1/", "1/variables/"):
        place.filesystem.call_s3("put_object", Bucket=bucket, Key=f"{prefix}/{folder}", Body=b"")
    assert place.open().poll() == before
    assert contents(place.open().fetch(1)) == FILES


class Bucket:
    """Two servers of one model whose versions are put into a bucket."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.servers = [ModelServer(folder / name, store=place.open()) for name in ("first", "second")]
        self._aside = ModelServer(folder / "aside")

    def upload(self, version: int, **changed: bytes) -> None:
        """Puts a version there, with other bytes in some of its files."""
        files = contents(self._aside.publish(version))
        uploaded = {name: changed.get(name.partition(".")[0], data) for name, data in files.items()}
        self.place.publish(version, uploaded)

    async def settle(self) -> list[int]:
        for server in self.servers:
            await server.settle()
        return [server.serving_version() for server in self.servers]


@pytest.fixture
def shared(place: Place, tmp_path: Path) -> Bucket:
    return Bucket(place, tmp_path)


async def test_servers_take_up_what_is_put_into_a_bucket(shared: Bucket) -> None:
    shared.upload(1)
    assert await shared.settle() == [1, 1]
    shared.upload(2)
    assert await shared.settle() == [2, 2]


async def test_an_object_that_differs_from_the_manifest_is_found_in_the_copy(shared: Bucket) -> None:
    shared.upload(1)
    shared.upload(2, weight=b"7.0")
    assert await shared.settle() == [1, 1]
    assert shared.servers[0].record(2).refusal is RefusalReason.FILE_CHANGED


async def test_a_rollback_in_one_server_reaches_the_other_through_the_bucket(shared: Bucket) -> None:
    shared.upload(1)
    await shared.settle()
    shared.upload(2)
    await shared.settle()
    await shared.servers[0].move(LabelAction.ROLL_BACK, 1, previous=2)
    assert await shared.settle() == [1, 1]


async def test_a_bucket_that_goes_away_changes_nothing(shared: Bucket) -> None:
    shared.upload(1)
    await shared.settle()
    shared.place.delete()
    assert await shared.settle() == [1, 1]
    assert "does not exist" in shared.servers[0].manager.problem
