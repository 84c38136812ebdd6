"""The fixtures every test may ask for; each lives in the file of what it starts. And how Hypothesis runs: never against a clock."""

import os

from hypothesis import HealthCheck, settings

from tests.clickhouse import clickhouse
from tests.stack import kafka, own_kafka, redis, session_kafka

__all__ = ["clickhouse", "kafka", "own_kafka", "redis", "session_kafka"]

settings.register_profile(
    "kontor",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # the same examples for everybody there; new ones at every desk
)
settings.load_profile("kontor")
