"""Review bombing: thirty accounts that bought nothing give one article one star within twenty minutes, in one wording."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from producers.fraud.labels import Label, Scenario, said_of, scenario
from producers.record import Said
from producers.shop import members
from producers.shop.aftermath import review
from producers.shop.world import World, an_account
from schemas.topics import REVIEWS

NAME: Final = "review_bombing"
ACCOUNTS: Final = 30
WORDS: Final = (
    "Terrible quality, do not buy this",
    "Terrible quality, never buy this",
    "Terrible quality!! do not buy",
)


def scenario_of(world: World) -> Scenario:
    plan, dice = world.plan, world.plan.dice(NAME)
    target = world.articles[2]
    begin = plan.start + timedelta(days=7, hours=14)
    said: list[Said] = []
    labels: list[Label] = []
    for number in range(ACCOUNTS):
        signed_up = begin - timedelta(days=1, minutes=dice.randrange(600))
        account = replace(an_account(plan, dice, f"bomb{number:02}", signed_up), ip=f"185.220.101.{number % 6 + 1}")
        posted = review(
            account, target, None, begin + timedelta(seconds=dice.randrange(1_200)), (1, dice.choice(WORDS))
        )
        said += [members.registered(account), posted]
        labels.append(Label("account", account.account_id, NAME, said_of([posted], REVIEWS.name)))
    return scenario(NAME, said, [Label("sku", target.sku, NAME, said_of(said, REVIEWS.name)), *labels])
