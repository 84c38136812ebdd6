"""Every job, in the order of the table. A new job is a file here and a line below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bench.job import Job
from bench.jobs import consume_decode, inventory, risk, transactions, warehouse

JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {job.name: job for job in (consume_decode.JOB, inventory.JOB, risk.JOB, transactions.JOB, *warehouse.JOBS)}
)
