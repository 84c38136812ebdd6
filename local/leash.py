"""Becomes another program that dies with its parent: `python leash.py PARENT_PID PROGRAM ARGUMENT...`.

Linux only. A file of its own, started by path with `-I -S`, because the kernel's wish is made after the fork and before
the exec, and Python code between the two is not safe in a parent with threads. It imports nothing of ours.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`; exit 1 when the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the wish was made
        raise SystemExit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # the supervisor blocks its own signals; its children must not
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise SystemExit(f"{command[0]}: {error.strerror}") from None


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
