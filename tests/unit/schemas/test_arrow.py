"""Memory lives as long as somebody looks at it, and no longer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from schemas import arrow
from schemas.arrow import Exporter, Ints, Layout

LAYOUT = Layout("", "+s", 1, [Layout("n", "l", 2, [])])


def a_frame(exporter: Exporter, first: int, rows: int = 3) -> pl.DataFrame:
    numbers = np.arange(first, first + rows, dtype=np.int64)
    pointers = np.array([[0, 0], [0, numbers.ctypes.data]], np.int64)
    return exporter.frame(np.array([rows, rows]), np.zeros(2, np.int64), pointers, [numbers])


def is_kept(mark: Ints) -> bool:
    return any(each is mark for each, _ in arrow._held)


def test_a_frame_is_what_the_buffers_say() -> None:
    assert a_frame(Exporter(LAYOUT, 2), 7).to_dict(as_series=False) == {"n": [7, 8, 9]}


def test_memory_is_kept_while_a_part_of_the_frame_is_there_and_then_given_back() -> None:
    exporter = Exporter(LAYOUT, 2)
    frame = a_frame(exporter, 0)
    mine, _ = arrow._held[-1]
    part = frame["n"][1:]
    del frame
    a_frame(exporter, 10)
    assert is_kept(mine)
    assert part.to_list() == [1, 2]
    del part
    a_frame(exporter, 20)
    assert not is_kept(mine)


def test_frames_of_many_threads_keep_their_own_numbers() -> None:
    exporter = Exporter(LAYOUT, 2)

    def work(number: int) -> bool:
        frames = [a_frame(exporter, number * 1_000 + at) for at in range(50)]
        return all(frame["n"][0] == number * 1_000 + at for at, frame in enumerate(frames))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(32)))
    a_frame(exporter, 0)
    assert len(arrow._held) < 100
