import numpy as np
import pytest

from training.model.shared import as_tensor, room

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("shape", [(5, 3), (1, 0), (0, 4), (1000, 7)])
@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_a_tensor_is_the_array_itself(shape: tuple[int, int], dtype: type[np.generic]) -> None:
    array = room(shape, dtype)
    tensor = as_tensor(array)

    array[:] = np.arange(array.size).reshape(shape)

    assert tensor.dtype.as_numpy_dtype is dtype
    assert np.array_equal(tensor.numpy(), array)
    assert tensor.shape == shape
