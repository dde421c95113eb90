from enum import StrEnum


class AddressInChannel(StrEnum):
    EMAIL = "email"
    LETTER = "letter"
    SMS = "sms"
    WHATSAPP = "whatsapp"

    def __str__(self) -> str:
        return str(self.value)
