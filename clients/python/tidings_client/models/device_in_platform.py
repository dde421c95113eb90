from enum import StrEnum


class DeviceInPlatform(StrEnum):
    APNS = "apns"
    FCM = "fcm"
    WEB = "web"

    def __str__(self) -> str:
        return str(self.value)
