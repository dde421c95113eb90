from enum import StrEnum


class ConsentInSpokenBy(StrEnum):
    GUARDIAN = "guardian"
    RELATIVE = "relative"
    SUPPORT = "support"
    VALUE_0 = ""

    def __str__(self) -> str:
        return str(self.value)
