"""What one fetch may bring, by how many partitions share the buffers."""

import pytest

from streams.engine.transport import FETCH_BUFFERS, FETCH_BYTES, LEAST_FETCH_BYTES, fetch_bytes


@pytest.mark.parametrize(
    ("partitions", "size"),
    [
        (0, FETCH_BYTES),
        (1, FETCH_BYTES),
        (16, FETCH_BYTES),
        (256, FETCH_BUFFERS // 256),
        (100_000, LEAST_FETCH_BYTES),  # a fetch of nothing would never end
    ],
)
def test_buffers_of_all_partitions_together_stay_bounded(partitions: int, size: int) -> None:
    assert fetch_bytes(partitions) == size
