"""A signature is run on one lease, with tensors that fit it."""

import numpy as np
import pytest

from contract.stubs.manifest_pb2 import Manifest
from server.domain.errors import InvalidRequest, ModelFailed, NoSignature, NotFound
from server.domain.models import ModelSpec
from server.domain.signatures import Tensors
from server.inference.metadata import metadata
from server.inference.predict import predict
from server.inference.types import Origin, Target
from tests.support.servables import SIGNATURES, FakeServables

X = np.array([[1, 2], [3, 4]], dtype=np.float32)
HALF = ModelSpec("half")


async def test_all_outputs_come_with_what_they_were_made_from() -> None:
    servables = FakeServables()
    found = await predict(servables, Target(HALF), {"x": X})
    assert found.outputs["y"].tolist() == [[2, 4], [6, 8]]
    assert found.outputs["count"].tolist() == 2
    assert found.specs == SIGNATURES["serving_default"].outputs
    assert found.origin == Origin("half", 4, "serving_default")
    assert servables.leases == 0


async def test_only_the_outputs_that_are_named_are_asked_for() -> None:
    servables = FakeServables()
    found = await predict(servables, Target(HALF), {"x": X, "factor": np.asarray(np.float32(3))}, ["count"])
    assert set(found.outputs) == {"count"}
    assert [outputs for _, _, outputs in servables.runs] == [["count"]]


@pytest.mark.parametrize(("spec", "version"), [(ModelSpec("half", 3), 3), (ModelSpec("half", label="canary"), 4)])
async def test_the_version_or_label_that_is_asked_for_answers(spec: ModelSpec, version: int) -> None:
    found = await predict(FakeServables(), Target(spec), {"x": X})
    assert found.origin.version == version


async def test_a_model_without_the_signature_says_which_it_has() -> None:
    servables = FakeServables()
    with pytest.raises(NoSignature, match=r"has no signature 'rank' in version 4, expected 'classify', 'regress'"):
        await predict(servables, Target(HALF, "rank"), {"x": X})
    assert servables.leases == 0


async def test_nothing_is_run_that_does_not_fit() -> None:
    servables = FakeServables()
    with pytest.raises(InvalidRequest):
        await predict(servables, Target(HALF), {"x": X.astype(np.float64)})
    assert (servables.runs, servables.leases) == ([], 0)


async def test_the_lease_is_given_back_if_the_model_fails() -> None:
    def fail(_signature: str, _tensors: Tensors) -> Tensors:
        raise ModelFailed("no", 9)

    servables = FakeServables(answer=fail)
    with pytest.raises(ModelFailed):
        await predict(servables, Target(HALF), {"x": X})
    assert servables.leases == 0


def test_the_metadata_of_a_version_are_its_signatures() -> None:
    servables = FakeServables()
    found = metadata(servables, ModelSpec("half", 3), ["signature_def", "signature_def"])
    assert (found.signatures, found.origin, servables.leases) == (SIGNATURES, Origin("half", 3), 0)


def test_the_manifest_of_a_version_is_told_without_its_files() -> None:
    found = metadata(FakeServables(), ModelSpec("half", 3), ["manifest"])
    assert (found.signatures, found.manifest) == (None, Manifest(model_name="half", version=3))


def test_other_metadata_are_not_there() -> None:
    with pytest.raises(InvalidRequest) as error:
        metadata(FakeServables(), HALF, ["signature_def", "assets"])
    assert str(error.value) == "metadata_field[1]: is 'assets', expected 'signature_def' or 'manifest'"
    with pytest.raises(InvalidRequest, match="metadata_field: is empty, expected 'signature_def' or 'manifest'"):
        metadata(FakeServables(), HALF, [])
    with pytest.raises(NotFound):
        metadata(FakeServables(), ModelSpec("other"), ["signature_def"])
