"""`python -m bench.child JOB SIDE WORLD-AS-JSON`: one side of one job, in this process."""

import json
import sys

from bench.job import World
from bench.jobs import JOBS
from bench.meter import Meter
from streams.engine import runtime
from streams.engine.warm import warm


def main(job: str, side: str, world: str) -> None:
    given = World(**json.loads(world))
    (found,) = (each for each in JOBS[job].sides if each.name == side)
    runtime.tune()  # as a worker does before it has partitions, and loads what is compiled
    warm()
    found.program(given, Meter(given.events))


if __name__ == "__main__":
    main(*sys.argv[1:])
