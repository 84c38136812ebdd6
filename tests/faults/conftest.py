"""One stack for all faults of a run: each scenario has names of its own on it, and leaves it running."""

from collections.abc import Iterator

import pytest

from chaos.stack import Stack, temporary_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with temporary_stack(lambda _doing: None) as made:
        yield made
