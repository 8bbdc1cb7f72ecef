"""One of several workers moves labels, and serves no other models."""

import pytest

from server.app.worker_admin import WorkerAdmin
from server.domain.errors import RestartNeeded
from server.domain.models import ModelConfig
from server.models.served import ServedModels


@pytest.mark.parametrize("validate_only", [False, True])
async def test_a_reload_is_refused_with_what_to_do_instead(validate_only: bool) -> None:
    def make(_: ModelConfig) -> None:
        pytest.fail("nothing is to be served")

    admin = WorkerAdmin(ServedModels(make, interval_seconds=1))  # type: ignore[arg-type]
    with pytest.raises(RestartNeeded, match=r"another --model-config-file, or run it with --workers 1"):
        await admin.reload([ModelConfig("half", "/models/half")], validate_only=validate_only)
