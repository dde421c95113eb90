from enum import StrEnum


class ConsentInAction(StrEnum):
    GIVEN = "given"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
