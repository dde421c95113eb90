from enum import StrEnum


class StatementInKind(StrEnum):
    BEST_DAYS = "best_days"
    FREQUENCY = "frequency"
    HOUSEHOLD = "household"
    LANGUAGE = "language"
    ORDER = "order"
    PAUSE = "pause"
    QUIET_HOURS = "quiet_hours"
    TRACKING = "tracking"

    def __str__(self) -> str:
        return str(self.value)
