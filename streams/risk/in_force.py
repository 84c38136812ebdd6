"""The rules and lists that risk judges by, as the two compacted topics say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from schemas.values import Event
from streams.risk.lists import Lists
from streams.risk.rules import InvalidRule, Rule, RuleSet, read_rule

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class InForce:
    """Replaced whole, so a step sees one state from begin to end."""

    rules: RuleSet = field(default_factory=RuleSet)
    lists: Lists = field(default_factory=Lists)

    def take_rules(self, events: Mapping[bytes, Event]) -> None:
        """A rule that cannot be read here (a newer Kontor wrote it) leaves the one before it in force."""
        before = {rule.id: rule for rule in self.rules.rules}
        found: list[Rule] = []
        for event in events.values():
            if event["kind"] != "APPLIED":
                continue
            try:
                found.append(read_rule(str(event.get("document"))))
            except InvalidRule as error:
                log.error(  # noqa: TRY400 - its trace says nothing more
                    "rule refused, the one before it stays", rule=event["rule_id"], why=str(error)
                )
                found += [rule for rule in [before.get(str(event["rule_id"]))] if rule]
        self.rules = RuleSet.of(found)
        log.info("rules in force", count=len(found), version=self.rules.version)

    def take_lists(self, events: Mapping[bytes, Event]) -> None:
        self.lists = Lists(events.values())
