from enum import StrEnum


class InvoiceStatusInStatus(StrEnum):
    CANCELLED = "cancelled"
    CREDITED = "credited"
    DISPUTED = "disputed"
    PAID = "paid"
    RESOLVED = "resolved"

    def __str__(self) -> str:
        return str(self.value)
