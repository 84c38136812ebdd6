"""What can go wrong with the stack, as a person reads it: what happened, and what to do about it."""


class StackError(Exception):
    """The stack cannot do what was asked.

    `str(error)` says what happened; `remedy` says what the reader can do, in one or two lines (empty where nothing is
    known). Raised only for causes outside the code: a port, a program, the disk, a child process.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.remedy = remedy
