from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import SpecError
from training.gate.spec import GateSpec
from training.model.spec import ModelSpec
from training.spec import (
    DatasetSpec,
    FlatSpec,
    RankingSpec,
    SplitSpec,
    TruthSpec,
    parse_flat_spec,
    parse_ranking_spec,
)

DATASET = '[dataset]\nfeature_service = "ranking_v1"\nlabel = "started"\n'
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def _ranking(text: str, **model_flags: object) -> RankingSpec:
    return parse_ranking_spec(text, "training.toml", model_flags)


def test_only_the_dataset_is_required() -> None:
    spec = _ranking(DATASET)

    dataset = DatasetSpec("ranking_v1", "started")
    assert spec == RankingSpec(dataset, {}, SplitSpec(), None, ModelSpec(), GateSpec())


def test_flags_win_over_the_file() -> None:
    text = DATASET + "[model]\nepochs = 3\nseed = 4\n"

    assert _ranking(text, seed=5).model == ModelSpec(epochs=3, seed=5)
    assert parse_flat_spec("[model]\nepochs = 3\nseed = 4\n", "spec.toml", {"seed": 5}).model == ModelSpec(
        epochs=3, seed=5
    )


def test_the_days_that_are_given_win_over_the_file() -> None:
    spec = _ranking(DATASET + "[split]\ntrain_until = 2026-11-01\nvalidate_until = 2026-11-02\n")

    assert spec.with_split(None, date(2026, 11, 5)).split == SplitSpec(date(2026, 11, 1), date(2026, 11, 5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dataset", "training.toml does not parse"),
        ("[dateset]\n", "training.toml: unknown key 'dateset', expected one of dataset, context"),
        ("dataset = 1\n", "dataset is 1, expected a table"),
        ('[dataset]\nlabel = "started"\n', "training.toml lacks the key dataset.feature_service"),
        (DATASET + "rows = 1\n", "training.toml: dataset.rows is 1, expected a text"),
        (DATASET + 'rows = "x"\n', "unknown key dataset.rows, expected one of feature_service, label"),
        (DATASET + "[context]\nsurface = 1\n", "context.surface is 1, expected a text"),
        (DATASET + '[split]\ntrain_until = "2026-11-01"\n', "split.train_until is '2026-11-01', expected a date"),
        (DATASET + "[split]\ntrain_until = 2026-11-01T00:00:00\n", "expected a date"),
        (DATASET + '[truth]\ntable = "truth"\n', "training.toml lacks the key truth.row_id"),
        (DATASET + "[model]\nepocs = 1\n", "training.toml: model: unknown key 'epocs'"),
        (DATASET + "[model]\nepochs = 0\n", "training.toml: model.epochs is 0"),
        (DATASET + "[gate]\nauc = 0\n", "training.toml: gate: unknown key 'auc'"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_key(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        _ranking(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dataset]\n", "unknown key 'dataset', expected one of inputs, model"),
        ('[inputs]\nage = "log"\n', "inputs.age is 'log', expected a table"),
    ],
)
def test_what_is_wrong_with_a_flat_spec_is_named(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_flat_spec(text, "spec.toml", {})
    assert message in str(caught.value)


def test_a_flag_out_of_range_is_not_blamed_on_the_file() -> None:
    with pytest.raises(SpecError) as caught:
        _ranking(DATASET, epochs=0)
    assert "training.toml" not in str(caught.value)


@given(
    st.builds(
        RankingSpec,
        dataset=st.builds(DatasetSpec, feature_service=_TEXT, label=_TEXT, position=st.none() | _TEXT),
        context=st.dictionaries(_TEXT, _TEXT),
        split=st.builds(SplitSpec, st.none() | st.dates(), st.none() | st.dates()),
        truth=st.none() | st.builds(TruthSpec, table=_TEXT, row_id=_TEXT, probability=_TEXT),
        model=st.builds(ModelSpec, seed=st.integers(0, 9)),
        gate=st.builds(GateSpec, slices=st.none() | st.lists(_TEXT).map(tuple), slice_rows=st.integers(1, 9)),
    )
)
def test_a_ranking_spec_survives_toml(spec: RankingSpec) -> None:
    assert _ranking(spec.to_toml()) == spec


@given(st.dictionaries(_TEXT, st.dictionaries(_TEXT, _TEXT | st.booleans() | st.integers(-9, 9))))
def test_a_flat_spec_survives_toml(inputs: dict[str, dict[str, object]]) -> None:
    spec = FlatSpec(inputs, ModelSpec(seed=3), GateSpec(slices=("age",), size_megabytes=2))

    assert parse_flat_spec(spec.to_toml(), "spec.toml", {}) == spec
