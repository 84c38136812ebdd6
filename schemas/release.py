"""What Arrow's C data interface calls when a frame is dropped, compiled: it needs no interpreter, so any thread may call it.

Law: it only marks; `arrow` keeps the memory until the mark is set.
"""

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

LENGTH, NULL_COUNT, OFFSET, N_BUFFERS, N_CHILDREN, BUFFERS, CHILDREN, DICTIONARY, RELEASE, PRIVATE = range(10)
"""The words of an ArrowArray."""
FORMAT, NAME, METADATA, FLAGS, SCHEMA_CHILDREN, SCHEMA_CHILD, SCHEMA_DICTIONARY, SCHEMA_RELEASE = range(8)
"""The words of an ArrowSchema, but for its last."""
ARRAY_WORDS = 10
SCHEMA_WORDS = 9


@intrinsic
def _pointer(_, address):
    """A number as the pointer it is."""

    def generate(_, builder, __, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@numba.cfunc("void(int64)", cache=True)
def release_array(at):
    """`private_data` is where the mark goes, last of all: what is marked may be gone."""
    array = numba.carray(_pointer(at), ARRAY_WORDS, np.int64)
    array[RELEASE] = 0
    numba.carray(_pointer(array[PRIVATE]), 1, np.int64)[0] = 1


@numba.cfunc("void(int64)", cache=True)
def release_schema(at):
    numba.carray(_pointer(at), SCHEMA_WORDS, np.int64)[SCHEMA_RELEASE] = 0
