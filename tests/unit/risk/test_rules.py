"""Every rule of the repository holds its own cases; what is no rule is refused with its reason."""

from pathlib import Path

import pytest

from streams.risk.rules import RULES_FOLDER, InvalidRule, read_folder, read_rule

FILES = sorted(RULES_FOLDER.glob("*.yaml"))
GOOD = (RULES_FOLDER / "order_burst.yaml").read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cases_hold(file: Path) -> None:
    assert read_rule(file.read_text()).id == file.stem


def test_each_kind_of_trouble_has_rules() -> None:
    categories = [rule.spec.category for rule in read_folder().rules]
    assert categories.count("FAKE_ORDER") >= 2
    assert categories.count("MALICIOUS_REVIEW") >= 2
    assert categories.count("ABNORMAL_IP") >= 2
    assert {"PAYMENT_FRAUD", "COUPON_ABUSE", "BLACKLIST"} <= set(categories)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("(SELECT 1) = 1", "not allowed"),
        ("sum(total) > 1", "not allowed"),
        ("sum(total) OVER () > 1", "not allowed"),
        ("now() > '2020'", "not allowed"),
        ("total + 1", "yes or no"),
        ("totally > 1", "unknown"),
        ("total >", "no SQL"),
        ("account_orders_30m > 6", "must fire"),
    ],
)
def test_refused(when: str, why: str) -> None:
    with pytest.raises(InvalidRule, match=why):
        read_rule(GOOD.replace("account_orders_30m > 5", when))
