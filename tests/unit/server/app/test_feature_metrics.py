"""Each feature is counted by what there was of it."""

from prometheus_client import CollectorRegistry

from contract.cells import CellStatus
from server.app.feature_metrics import FeatureMetrics
from server.domain.results import FeatureRow

OK, MISSING, STALE = CellStatus.OK, CellStatus.MISSING, CellStatus.STALE
READ = {"profile": ("country", "age"), "activity": ("starts",)}


def counts(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    (family,) = (family for family in registry.collect() if family.name == name)
    return {tuple(s.labels.values()): s.value for s in family.samples if s.name == f"{name}_total"}


def test_features_are_counted_by_status() -> None:
    registry = CollectorRegistry()
    metrics = FeatureMetrics(registry)

    metrics.observe(
        [
            [FeatureRow("profile", OK, 10.0), FeatureRow("activity", MISSING, None)],
            [FeatureRow("profile", OK, 10.0, ["age"]), FeatureRow("activity", STALE, 1e6)],
            [],
        ],
        READ,
    )
    metrics.observe([[FeatureRow("profile", OK, 10.0, ["age"])]], READ)
    metrics.observe([[FeatureRow("profile", STALE, 1e6, ["age"])]], {"profile": ("age",)})

    assert counts(registry, "paceline_features") == {
        ("age", "null"): 2,
        ("age", "ok"): 1,
        ("age", "stale"): 1,
        ("country", "ok"): 3,
        ("starts", "missing"): 1,
        ("starts", "stale"): 1,
    }
    assert counts(registry, "paceline_feature_rows") == {
        ("profile", "ok"): 3,
        ("profile", "stale"): 1,
        ("activity", "missing"): 1,
        ("activity", "stale"): 1,
    }
    assert registry.get_sample_value("paceline_feature_age_seconds_count", {"view": "profile"}) == 4


def test_the_ages_of_rows_are_a_histogram() -> None:
    registry = CollectorRegistry()
    metrics = FeatureMetrics(registry)

    metrics.observe([[FeatureRow("activity", OK, age)] for age in (1.0, 60.0, 61.0, 1e9)], READ)
    metrics.observe([[FeatureRow("activity", MISSING, None)]], READ)

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"paceline_feature_age_seconds_{name}", {"view": "activity", **labels})

    assert [sample("bucket", le=le) for le in ("60.0", "900.0", "2.592e+06", "+Inf")] == [2, 3, 3, 4]
    assert (sample("count"), sample("sum")) == (4, 1e9 + 122)
