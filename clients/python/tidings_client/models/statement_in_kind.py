from enum import StrEnum


class StatementInKind(StrEnum):
    LANGUAGE = "language"
    ORDER = "order"
    PAUSE = "pause"
    QUIET_HOURS = "quiet_hours"
    TRACKING = "tracking"

    def __str__(self) -> str:
        return str(self.value)
