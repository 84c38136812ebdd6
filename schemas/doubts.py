"""What a walk says of a body; any other number is the operation whose value it doubts."""

from typing import Final

GOOD: Final = -1
BROKEN: Final = -2
"""Not certainly one value of the writer's schema."""
