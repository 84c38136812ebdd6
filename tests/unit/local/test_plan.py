"""A plan is in order, survives the way to the supervisor, and stops in reverse."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from local.plan import Finishes, HttpOk, LogSays, Plan, PortAnswers, Service
from local.supervisor import levels


def a_service(name: str, *after: str) -> Service:
    return Service(name=name, command=("true",), ready=Finishes(), after=after)


def test_a_plan_is_the_same_after_its_way_through_json() -> None:
    ready = (LogSays(text="up"), PortAnswers(port=1), HttpOk(url="http://127.0.0.1:1/ping"), Finishes())
    services = tuple(Service(name=one.kind, command=("x", "y"), ready=one, environment={"A": "b"}) for one in ready)
    plan = Plan(home=Path("/somewhere"), services=services, addresses={"KONTOR_KAFKA": "127.0.0.1:1"})
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_service_after_one_that_comes_later_is_refused() -> None:
    with pytest.raises(ValidationError, match="b starts after \\['a'\\], not listed before it"):
        Plan(home=Path(), services=(a_service("b", "a"), a_service("a")))


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two services are called a"):
        Plan(home=Path(), services=(a_service("a"), a_service("a")))


def test_each_level_needs_only_former_ones() -> None:
    services = (a_service("kafka"), a_service("redis"), a_service("topics", "kafka"), a_service("w", "redis", "topics"))
    assert levels(Plan(home=Path(), services=services)) == [["kafka", "redis"], ["topics"], ["w"]]
    assert levels(Plan(home=Path(), services=())) == []
