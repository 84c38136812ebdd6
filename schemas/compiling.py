"""How loops over many bodies are compiled, alike in both directions.

Law: nothing is allocated in them; what they need is handed in. Without `_nrt=False` (numba's own documentation turns its runtime off so)
numba counts references to arrays for each call of an inlined function, atomically: that was half of the time of all decoding.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numba

SHARED: Final = "automata.py", "compiling.py", "doubts.py", "program.py", "walk.py"
"""What compiled code in other files is made of as well: numba looks at a function's own file, and would keep what it made of old ones."""


def _folder() -> Path:
    here = Path(__file__).parent
    octets = b"".join((here / name).read_bytes() for name in SHARED)
    return (
        Path(os.environ.get("NUMBA_CACHE_DIR") or here / "__pycache__") / f"compiled-{sha256(octets).hexdigest()[:12]}"
    )


numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]
compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
inlined: Any = numba.njit(inline="always", error_model="numpy", _nrt=False)  # type: ignore[call-overload]
