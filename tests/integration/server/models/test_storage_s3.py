"""What holds of versions and histories anywhere holds in S3: moto's server, over HTTP.

s3fs and moto are not among the locked packages; where they are not installed all this is skipped.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.support.model_places import FILES, Place, contents
from tests.unit.server.models.storage.test_label_history import TestAppending, TestReading, append_at_once
from tests.unit.server.models.storage.test_stores import TestFetch, TestFingerprint, TestPoll

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
moto = pytest.importorskip("moto.server", reason="moto is not installed")
make_server = pytest.importorskip("werkzeug.serving").make_server

pytestmark = pytest.mark.slow

__all__ = ["TestAppending", "TestFetch", "TestFingerprint", "TestPoll", "TestReading"]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    # One request at a time: moto looks whether an object is there, and stores it then.
    server = make_server("127.0.0.1", 0, moto.DomainDispatcherApplication(moto.create_backend_app), threaded=False)
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
