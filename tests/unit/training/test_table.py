import numpy as np
import pytest

from training.table import newest_rows


@pytest.mark.parametrize("ids", [["b", "a", "b", "c", "a"], [7, 1, 7, 9, 1]])
def test_the_newest_row_of_each_id_is_its_last(ids: list[object]) -> None:
    assert newest_rows(np.array(ids)).tolist() == [2, 4, 3]
