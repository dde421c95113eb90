from enum import StrEnum


class FindingOutVerdict(StrEnum):
    BLOCK = "block"
    PASS = "pass"
    WARN = "warn"

    def __str__(self) -> str:
        return str(self.value)
