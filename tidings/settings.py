"""Settings: environment and `.env`, prefix `TIDINGS_`. `tidings check` prints each and where it came from."""

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from tidings.problem import Problem


class Mode(StrEnum):
    """Whether anything leaves the machine (design/delivery.md rule 11)."""

    OUTBOX = "outbox"
    TEST = "test"
    LIVE = "live"


class SmtpSettings(BaseModel, frozen=True):
    """`TIDINGS_SMTP__HOST` and so on."""

    host: str = "localhost"
    """The relay."""
    port: int = 25
    """Usual: 25, or 587 with a user name."""
    username: str = ""
    password: SecretStr = SecretStr("")
    starttls: Literal["never", "when offered", "always"] = "when offered"
    """Encryption on the way to the relay."""
    timeout: timedelta = timedelta(seconds=30)
    """The longest that one message may take."""


class SesSettings(BaseModel, frozen=True):
    """`TIDINGS_SES__REGION` and so on; credentials as boto3 finds them."""

    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    configuration_set: str = ""
    """Named with every message, so that events come back."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class TwilioSettings(BaseModel, frozen=True):
    """`TIDINGS_TWILIO__ACCOUNT_SID` and so on."""

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    messaging_service_sid: str = ""
    """The service whose senders are used."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class SnsSettings(BaseModel, frozen=True):
    """`TIDINGS_SNS__REGION` and so on; addresses of push are endpoint ARNs or tokens of an application ARN."""

    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class SpoolSettings(BaseModel, frozen=True):
    """`TIDINGS_SPOOL__FOLDER`: where the print house collects batches."""

    folder: Path | None = None
    """Each batch appears there whole or not at all."""


class Settings(BaseSettings):
    """Every setting of the program. A provider is used only when `email`, `sms`, `push` or `letter` names it."""

    model_config = SettingsConfigDict(
        env_prefix="TIDINGS_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    home: Path = Path("var")
    """Everything the program writes lies here."""
    database: SecretStr | None = None
    """`postgresql://user:password@host/name`; unset: an embedded server in `home`."""
    mode: Mode = Mode.OUTBOX
    """`outbox` writes files only, `test` reaches `TIDINGS_ALLOW` only, `live` reaches customers."""
    allow: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma separated addresses, or `@domain`, that mode `test` may reach."""
    confirm_over: int = Field(default=1000, ge=0)
    """A live run for more customers waits for `tidings release`."""
    email: Annotated[tuple[Literal["smtp", "ses"], ...], NoDecode] = ()
    """Providers of e-mail, the first one preferred, the next when its circuit is open; empty: the outbox folder."""
    sms: Annotated[tuple[Literal["twilio"], ...], NoDecode] = ()
    """Providers of SMS."""
    push: Annotated[tuple[Literal["sns"], ...], NoDecode] = ()
    """Providers of push notifications: for each device the first one that reaches its platform."""
    letter: Annotated[tuple[Literal["spool"], ...], NoDecode] = ()
    """Where letters are printed."""
    smtp: SmtpSettings = SmtpSettings()
    ses: SesSettings = SesSettings()
    twilio: TwilioSettings = TwilioSettings()
    sns: SnsSettings = SnsSettings()
    spool: SpoolSettings = SpoolSettings()
    public_url: str = "http://127.0.0.1:8765"
    """What signed links begin with."""
    host: str = "127.0.0.1"
    """Where `tidings up` listens."""
    port: int = 8765
    """And on which port."""
    claim: int = Field(default=50, ge=1, le=1000)
    """Messages per claim: the most that can be in doubt after a crash."""
    lease: timedelta = timedelta(seconds=120)
    """How long after a claim the last call may begin; an attempt is given up after that and the longest calls."""
    log: Literal["debug", "info", "warning", "error"] = "warning"
    """What the log tells, at least."""

    @field_validator("allow", "email", "sms", "push", "letter", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @classmethod
    def read(cls) -> "Settings":
        """Read the environment.

        Raises:
            Problem: a value is wrong; names the variable.
        """
        try:
            return cls()
        except SettingsError as error:
            raise Problem(f"{error}.", todo="Write the parts one by one, like TIDINGS_SMTP__HOST.") from error
        except ValidationError as error:
            first = error.errors()[0]
            name = "TIDINGS_" + "__".join(str(part).upper() for part in first["loc"])
            raise Problem(
                f"{name}: {first['msg']}.", todo="Run `tidings check` to see all settings."
            ) from error

    @cached_property
    def root(self) -> Path:
        """`home` as an absolute path."""
        return self.home.expanduser().absolute()
