"""How loops over many bodies are compiled, alike in both directions.

Law: nothing is allocated in them; what they need is handed in. Without `_nrt=False` (numba's own documentation turns its runtime off so)
numba counts references to arrays for each call of an inlined function, atomically: that was half of the time of all decoding.
"""

from typing import Any

import numba

compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
inlined: Any = numba.njit(inline="always", error_model="numpy", _nrt=False)  # type: ignore[call-overload]
