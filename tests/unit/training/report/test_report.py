import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from contract.stubs import manifest_pb2 as pb
from tests.support.reports import flat_candidate, ranking_candidate, reported
from training.candidate import Candidate
from training.gate.evidence import Serving
from training.report.intervals import auc
from training.report.report import to_html, write_report
from training.report.sections.data import drifts
from training.report.sections.diversity import gini, rank
from training.report.sections.importance import auc_falls
from training.report.sections.oracle import oracle
from training.report.statistics import read_statistics, summarise
from training.report.subject import Reported

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    return ranking_candidate()


@pytest.fixture(scope="module")
def full(candidate: Candidate) -> Reported:
    """A model of which everything is known."""
    validation, scores = candidate.splits.validation, candidate.scores["test"]
    return reported(
        candidate,
        serving=Serving(2, scores[::-1].copy()),
        truth=candidate.splits.test.labels * 0.8 + 0.1,
        previous=summarise(candidate.inputs, validation.columns, validation.labels),
    )


CHECKS = [
    pb.GateCheck(name="auc_gain_over_serving", passed=True, found=0.02, lowest=-0.01, message="it gains 0.02"),
    pb.GateCheck(name="calibration", slice="surface=home", passed=False, highest=1.25, message="it says 1.5"),
    pb.GateCheck(name="calibration", slice="surface=search", passed=True, found=1.01, message="it says 1.01"),
]


@pytest.fixture(scope="module")
def page(full: Reported) -> str:
    manifest = pb.Manifest(model_name="ranking", metrics=full.manifest.metrics, gate=pb.Gate(checks=CHECKS))
    return to_html(replace(full, manifest=manifest))


def _titles(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_a_ranking_model_has_every_section(page: str) -> None:
    assert _titles(page) == [
        "Gate",
        "Metrics",
        "Against the serving version",
        "Learning curves",
        "Ordering",
        "Calibration",
        "By day",
        "Slices",
        "Feature importance",
        "Crosses",
        "Coverage and diversity of the top 10",
        "Against the truth",
        "Data and drift",
    ]


def test_the_page_stands_by_itself(page: str) -> None:
    for outside in ("http", "<script", "<link", "<img", "@import", "url(//", " src="):
        assert outside not in page
    assert page.count("<svg") >= 8
    assert set(re.findall(r'href="(?!#)', page)) == set()


def test_its_elements_are_closed(page: str) -> None:
    class Checker(HTMLParser):
        open: list[str] = []  # noqa: RUF012, of one parser

        def handle_starttag(self, tag: str, _: object) -> None:
            if tag not in ("meta",):
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(page)
    assert checker.open == []


def test_its_figures_are_those_of_the_test_rows(full: Reported, page: str) -> None:
    found = auc(full.table.labels, full.scores, full.table.members)

    assert f"{found.value:.4f}" in page
    assert f"{found.low:.4f} to {found.high:.4f}" in page
    assert "On the 750 rows of the test split." in page


def test_the_gate_says_first_what_did_not_pass(page: str) -> None:
    verdict, checks = page.index("2 of 3 checks passed"), page[page.index('<section id="gate">') :]

    assert "refused" in page[verdict - 200 : verdict]
    assert checks.index("FAILED") < checks.index("at most 1.25") < checks.index("it says 1.5")
    assert checks.index("it says 1.5") < checks.index("at least -0.01") < checks.index("it gains 0.02")
    folded = checks.index("<summary>What passed on slices of them: 1</summary>")
    assert checks.index("it gains 0.02") < folded < checks.index("it says 1.01") < checks.index("</details>")


def test_flat_tables_have_no_days_and_no_lists(candidate: Candidate) -> None:
    titles = _titles(to_html(reported(flat_candidate(candidate))))

    assert "Slices" in titles
    assert not {"By day", "Coverage and diversity of the top 10", "Against the truth"} & set(titles)


def test_a_single_part_is_reported(tmp_path: Path) -> None:
    deep = ranking_candidate(300, wide=False, epochs=1, batch_size=300)

    write_report(tmp_path, reported(deep))

    assert "Crosses" not in _titles((tmp_path / "report.html").read_text())
    statistics = read_statistics(tmp_path / "statistics.json")
    assert statistics is not None
    assert statistics.row_count == 300


def test_names_are_texts(candidate: Candidate) -> None:
    evil = '<b onclick="x">$y$&'
    manifest = pb.Manifest(model_name=evil, metrics=candidate.metrics)
    part = replace(reported(candidate).slices[0], name=evil, group=evil)
    known = reported(replace(candidate, warnings=[evil]), manifest=manifest, slices=[part])

    page = to_html(known)

    assert "<b onclick" not in page
    assert page.count("&lt;b onclick") >= 4


def test_what_the_labels_follow_is_what_matters(full: Reported) -> None:
    """They follow the country and the discipline together, and nothing else."""
    falls = auc_falls(full)

    assert set(falls) == {spec.name for spec in full.candidate.inputs}
    assert {"country", "discipline"} == set(sorted(falls, key=lambda name: falls[name].value)[-2:])


def test_the_strongest_crosses_are_of_country_and_discipline(candidate: Candidate) -> None:
    strongest = max(candidate.model.cross_weights(), key=lambda found: abs(found.weight))

    assert strongest.words.startswith(("country", "preferred_times", "discipline"))
    matching = [w for w in candidate.model.cross_weights() if w.words == "country = nl, discipline = yoga"]
    assert [w.weight > 0 for w in matching] == [True]


def test_hours_and_buckets_have_words(candidate: Candidate) -> None:
    hour, minutes, genre = (
        r"request_time\.hour (= \d+)",
        r"minutes (< 20|20 to < 30|30 to < 45|45 to < 60|≥ 60)",
        "music_genres = ",
    )

    assert any(re.match(f"{hour}, {minutes}, {genre}", found.words) for found in candidate.model.cross_weights())


def test_lists_hold_the_best_classes(full: Reported) -> None:
    top = rank(full, full.candidate.source or pb.FeatureSource())

    assert top.lists.shape[1] == 10
    assert all(len(set(chosen)) == 10 for chosen in top.lists.tolist())


def test_gini_is_0_for_equal_counts_and_near_1_for_one() -> None:
    assert gini(np.array([3, 3, 3, 3])) == 0
    assert gini(np.array([0, 0, 0, 8])) == 3 / 4


def test_a_column_that_moved_is_told(full: Reported) -> None:
    before = full.statistics
    moved = {"minutes": full.candidate.splits.train.columns["minutes"] + 30}
    train = replace(full.candidate.splits.train, columns={**full.candidate.splits.train.columns, **moved})
    candidate = replace(full.candidate, splits=replace(full.candidate.splits, train=train))

    found = drifts(replace(full, candidate=candidate), before)

    assert found["minutes"] > 1
    assert found["country"] == found["music_genres"] == 0


def test_the_truth_tells_what_is_missing(full: Reported) -> None:
    section = oracle(full)

    assert section is not None
    assert "that of the true probabilities 1.0000" in str(section.blocks[0])
