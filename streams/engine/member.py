"""Who we are in the consumer group: what the coordinator knows a zombie by."""

from typing import NamedTuple


class Member(NamedTuple):
    """As the group's coordinator knows us. `instance`: the static name (KIP-345), where the worker has one."""

    generation: int
    member_id: str
    instance: str | None = None

    def follows(self, before: "Member | None") -> bool:
        """Whether nobody else can have had our partitions between the two: the same member, one rebalance later at most."""
        return (
            before is not None
            and self.member_id == before.member_id
            and before.generation <= self.generation <= before.generation + 1
        )


NOBODY = Member(-1, "")
"""Of no group: its offsets are taken without a question."""
