"""The names of the scenarios, for who only wants to list them: the scenarios themselves load every app."""

from typing import Final

NAMES: Final = ("warehouse", "inventory", "fulfilment", "poison", "outages", "disk", "evolution")
