from enum import StrEnum


class CustomerInStandingType0(StrEnum):
    CUSTOMER = "customer"
    DECEASED = "deceased"
    FORMER = "former"
    PROSPECT = "prospect"

    def __str__(self) -> str:
        return str(self.value)
