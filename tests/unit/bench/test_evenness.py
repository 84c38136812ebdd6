"""What counts as a moment in which the machine gave less than half its speed."""

import numpy as np
import pytest

from bench.evenness import WINDOW, Evenness, evenness


@pytest.mark.parametrize(
    ("counts", "share", "windows"),
    [
        ([10] * 20, 0.0, 0),
        ([10, 4, 10, 10], 0.25, 1),
        ([10, 5, 10, 10], 0.0, 0),  # half is not less than half
        ([10, 4, 10, 3, 2, 1, 10, 10, 10, 10], 0.4, 3),
        ([4, 10, 10, 10, 10, 4], 1 / 3, 1),
    ],
)
def test_slow_windows_are_counted_and_the_longest_stretch_of_them_is_told(
    counts: list[int], share: float, windows: int
) -> None:
    assert tuple(evenness(np.array(counts, np.int64))) == pytest.approx((share, windows * WINDOW))


def test_it_says_so_in_words() -> None:
    assert str(Evenness(0.016, 0.14)) == "1.6% of the time, 140 ms at a stretch at most"
