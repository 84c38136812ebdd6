"""p99 by phase, from record times alone."""

from chaos.latency import Phase, p99_by_phase


def test_an_order_counts_in_the_phase_it_was_produced_in() -> None:
    phases = [Phase("calm", 0, 1_000), Phase("gone", 1_000, 2_000), Phase("silent", 2_000, 3_000)]
    produced = {f"e{at}": at for at in range(0, 2_000, 10)} | {"undecided": 2_500}
    decided = {event: at + (20 if at < 1_000 else 50) for event, at in produced.items() if event != "undecided"}
    decided["e0"] = 5_000  # one of a hundred: the p99 is what ninety-nine stay within
    assert p99_by_phase(phases, produced, decided) == {"calm": 0.02, "gone": 0.05}


def test_a_phase_that_comes_again_is_one_with_its_first_time() -> None:
    phases = [Phase("killed", 0, 10), Phase("calm", 10, 20), Phase("killed", 20, 30)]
    assert p99_by_phase(phases, {"a": 5, "b": 15, "c": 25}, {"a": 9_005, "b": 16, "c": 26}) == {
        "killed": 9.0,
        "calm": 0.001,
    }
