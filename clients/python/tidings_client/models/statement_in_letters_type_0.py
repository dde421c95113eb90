from enum import StrEnum


class StatementInLettersType0(StrEnum):
    ONE = "one"
    OWN = "own"

    def __str__(self) -> str:
        return str(self.value)
