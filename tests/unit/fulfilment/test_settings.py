"""Fulfilment's own settings become its policy."""

import pytest
from pydantic import ValidationError

from streams.engine.settings import read_as
from streams.fulfilment.policy import FulfilmentPolicy
from streams.fulfilment.settings import FulfilmentSettings


def test_patience_is_seconds_outside_and_milliseconds_within() -> None:
    assert read_as(FulfilmentSettings, {"KONTOR_VERDICT_PATIENCE": "1.5"}).policy.patience == 1500
    assert read_as(FulfilmentSettings, {"KONTOR_KAFKA": "elsewhere:1"}).policy == FulfilmentPolicy()


def test_no_patience_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        read_as(FulfilmentSettings, {"KONTOR_VERDICT_PATIENCE": "0"})
