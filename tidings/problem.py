"""What a person did wrong or must do next, said once and clearly; never a traceback."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    UNUSABLE = 2
    SOME_REJECTED = 3


class Problem(Exception):  # noqa: N818 -- it is told to a person, who has a problem, not an error
    """An input or a set-up that cannot be used.

    Args:
        what: one sentence that names file, row, column and value where they are known.
        todo: what the person should do about it.
        code: the exit code of a command that ends with it.
    """

    def __init__(self, what: str, *, todo: str = "", code: Exit = Exit.UNUSABLE) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
        self.code = code

    def __str__(self) -> str:
        return f"{self.what} {self.todo}".rstrip()
