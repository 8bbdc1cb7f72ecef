from pathlib import Path

import numpy as np
import pytest

from contract.columns import to_column
from tests.support.model_inputs import number
from training.report.evidence import last_statistics
from training.report.statistics import summarise

pytestmark = pytest.mark.slow


def test_the_newest_version_with_statistics_is_compared_with(tmp_path: Path) -> None:
    spec = number("minutes")
    for version, minutes in ((9, 1.0), (10, 2.0)):
        found = summarise([spec], {"minutes": to_column(spec, [minutes])}, np.ones(1, np.float32))
        (tmp_path / str(version)).mkdir()
        (tmp_path / str(version) / "statistics.json").write_text(found.to_json())
    (tmp_path / "11").mkdir()

    statistics = last_statistics(tmp_path)

    assert statistics is not None
    assert statistics.numbers["minutes"].mean == 2
    assert last_statistics(tmp_path / "nowhere") is None
