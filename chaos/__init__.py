"""Faults on purpose: seeded, on a stack of their own, with a ledger of what was produced and a checker of what came of it.

Law: `schedule`, `checker`, `oracle` and `report` are pure; a scenario passes only where the checker finds nothing.
"""
