from enum import StrEnum


class ConsentConsent(StrEnum):
    GIVEN = "given"
    LEGACY = "legacy"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
