"""Rules: YAML documents, checked whole when they are read. What passes here can be evaluated and cannot surprise.

A rule's own cases run at every load: rows it must fire on and rows it must stay silent on.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.risk.expression import Expression, InvalidExpression, compile_expression
from streams.risk.features import names_for
from streams.risk.lists import LISTED
from streams.risk.subjects import COLUMNS, FLAG, NUMBER

RULES_FOLDER: Final = Path(__file__).with_name("rules")


class InvalidRule(ValueError):
    """The document is no rule; the message says where and why."""


class Case(BaseModel):
    """One row: columns given, all others null (lists: no hit)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    given: dict[str, str | bool | float | None]
    fires: bool


class Document(BaseModel):
    """A rule file, field by field."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"[a-z][a-z0-9_]{2,59}")
    title: str = Field(min_length=1, max_length=500)
    applies_to: Literal["orders", "payments", "reviews", "members"]
    when: str
    score: float = Field(ge=-1000, le=1000)
    action: Literal["allow", "review", "deny"]
    mode: Literal["live", "shadow", "off"]
    category: Literal[
        "FAKE_ORDER",
        "MALICIOUS_REVIEW",
        "ABNORMAL_IP",
        "PAYMENT_FRAUD",
        "COUPON_ABUSE",
        "REFUND_ABUSE",
        "BLACKLIST",
        "OTHER",
    ]
    severity: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]
    entity: str = Field(description="the column an alert is about")
    alert_window_minutes: int = Field(60, ge=1, le=10_080)
    reason: str = Field(max_length=500, description="columns in braces are filled in")
    runbook: str = Field(max_length=8_000)
    cases: tuple[Case, ...] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule. `version` is a hash of its text."""

    spec: Document
    version: str
    expression: Expression
    text: str = field(repr=False)

    @property
    def id(self) -> str:
        return self.spec.id


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force, in the order of their ids; never changed, replaced as a whole."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "RuleSet":
        return cls(tuple(sorted(rules, key=lambda rule: rule.id)))

    @property
    def version(self) -> str:
        return _digest("\n".join(f"{rule.id}@{rule.version}" for rule in self.rules))

    def on(self, topic: str) -> Sequence[Rule]:
        return [rule for rule in self.rules if rule.spec.applies_to == topic and rule.spec.mode != "off"]

    def naming_none_of(self, columns: Collection[str]) -> "RuleSet":
        """Those that can do without these columns."""
        return RuleSet(tuple(rule for rule in self.rules if rule.expression.columns.isdisjoint(columns)))

    def columns(self, topic: str) -> frozenset[str]:
        """Every column a rule on this topic names."""
        return frozenset(name for rule in self.on(topic) for name in rule.expression.columns)


def schema_of(topic: str) -> Mapping[str, pl.DataType]:
    """The columns a rule on this topic may name, with their types."""
    own = COLUMNS[topic]
    listed = {column: FLAG for column, (_, by) in LISTED.items() if by in own}
    return {**own, **dict.fromkeys(names_for(topic), NUMBER), **listed}


def read_rule(text: str) -> Rule:
    """Raises InvalidRule: fields, names, types, or a case that does not hold."""
    try:
        spec = Document.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidRule(str(error)) from error
    schema = schema_of(spec.applies_to)
    try:
        expression = compile_expression(spec.when, schema)
        spec.reason.format(**dict.fromkeys(schema, ""))
    except InvalidExpression as error:
        raise InvalidRule(f"{spec.id}: {error}") from error
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise InvalidRule(f"{spec.id}: the reason names what there is not: {error}") from error
    if spec.entity not in COLUMNS[spec.applies_to]:
        raise InvalidRule(f"{spec.id}: an alert cannot be about {spec.entity}")
    rule = Rule(spec, _digest(text), expression, text)
    if wrong := failures(rule):
        raise InvalidRule(f"{spec.id}: " + "; ".join(wrong))
    if {case.fires for case in spec.cases} != {True, False}:
        raise InvalidRule(f"{spec.id}: needs a case that fires and one that stays silent")
    return rule


def read_folder(folder: Path = RULES_FOLDER) -> RuleSet:
    """The rule files of a folder, or one file. Raises InvalidRule."""
    files = [folder] if folder.is_file() else sorted(folder.glob("*.yaml"))
    rules = []
    for file in files:
        try:
            rules.append(read_rule(file.read_text("utf-8")))
        except InvalidRule as error:
            raise InvalidRule(f"{file.name}: {error}") from error
    if len({rule.id for rule in rules}) != len(rules):
        raise InvalidRule("two files have the same rule id")
    return RuleSet.of(rules)


def failures(rule: Rule) -> list[str]:
    """The cases that do not come out as they say."""
    schema = schema_of(rule.spec.applies_to)
    wrong = []
    for case in rule.spec.cases:
        if unknown := sorted(set(case.given) - set(schema)):
            wrong.append(f"case {case.name!r} gives unknown columns: {', '.join(unknown)}")
            continue
        nothing = {name: False if name in LISTED else None for name in schema}
        row = pl.DataFrame([{**nothing, **case.given}], schema=dict(schema), strict=False)
        if row.select(rule.expression.holds()).item() is not case.fires:
            wrong.append(f"case {case.name!r} must {'fire' if case.fires else 'stay silent'}")
    return wrong


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
