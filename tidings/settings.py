"""Settings: environment and `.env`, prefix `TIDINGS_`. `tidings check` prints each and where it came from."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from tidings.problem import Problem
from tidings.role import Role

MAX_PORT = 65_535


def unparsed(error: SettingsError) -> str:
    """Return which group of settings cannot be read, and how they are written."""
    found = re.search(r'field "(\w+)"', str(error))
    group = f"TIDINGS_{found[1].upper()}" if found else "TIDINGS"
    return (
        f"{group}: one of these is no JSON. Write each setting by itself, like TIDINGS_SMTP__HOST=localhost; "
        'what holds several is JSON, like TIDINGS_ALERTS__EXPIRES={"ses": "2027-03-01"}.'
    )


def split(value: object) -> object:
    """Return the parts of a comma separated text; anything else as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class Mode(StrEnum):
    """Whether anything leaves the machine (design/delivery.md rule 11)."""

    OUTBOX = "outbox"
    TEST = "test"
    LIVE = "live"


class SmtpSettings(BaseModel, frozen=True):
    """`TIDINGS_SMTP__HOST` and so on."""

    host: str = "localhost"
    """The relay."""
    port: int = Field(default=25, ge=1, le=MAX_PORT)
    """Usual: 25, or 587 with a user name."""
    username: str = ""
    """Empty: the relay asks for none."""
    password: SecretStr = SecretStr("")
    """Goes over TLS only, except to this machine."""
    starttls: Literal["never", "when offered", "always"] = "when offered"
    """Encryption on the way to the relay."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the relay takes; 0: no limit of which we know."""
    connections: int = Field(default=4, ge=1, le=32)
    """At once for each sender, where the relay takes longer than 10 ms a message; a relay that is near gets one."""
    timeout: timedelta = timedelta(minutes=5)
    """The longest wait for an answer; the phases of RFC 5321 4.5.3.2 are in its proportion, the final dot has twice."""


class DkimSettings(BaseModel, frozen=True):
    """`TIDINGS_DKIM__DOMAIN` and so on: signs what leaves by SMTP; all three, or none where the relay signs."""

    domain: str = ""
    """Whose mail is signed, with the domains below it: `example.com`."""
    selector: str = ""
    """Where the public key stands: `SELECTOR._domainkey.DOMAIN`."""
    key: Path | None = None
    """A PEM file with the private key, RSA or Ed25519."""


class SesSettings(BaseModel, frozen=True):
    """`TIDINGS_SES__REGION` and so on; credentials as boto3 finds them."""

    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    configuration_set: str = ""
    """Named with every message, so that events come back."""
    bulk: bool = False
    """Hand over e-mails without a personal attachment 50 a call; SES then composes their MIME parts itself."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the account allows; 0: no limit of which we know."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class TwilioSettings(BaseModel, frozen=True):
    """`TIDINGS_TWILIO__ACCOUNT_SID` and so on."""

    account_sid: str = ""
    """`AC...`, from Twilio's console."""
    auth_token: SecretStr = SecretStr("")
    """Sends, and checks the signature of what comes back."""
    messaging_service_sid: str = ""
    """The service whose senders are used for SMS."""
    number: str = ""
    """A number of ours that sends where networks take no names as senders; a messaging service knows by itself."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the account allows; 0: no limit of which we know."""
    settle_after: timedelta = Field(default=timedelta(minutes=2), gt=timedelta(0))
    """How long Twilio's list of messages may lag; what is missing there after that was never taken."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class AwsSmsSettings(BaseModel, frozen=True):
    """`TIDINGS_AWS_SMS__REGION` and so on; credentials as boto3 finds them."""

    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    identity: str = ""
    """What sends: id or ARN of a number, sender id or pool. Unset: the brand's own sender."""
    configuration_set: str = ""
    """Named with every message, so that events come back."""
    protect: str = ""
    """Id of a protect configuration: countries that must not be reached."""
    max_price: Decimal | None = Field(default=None, gt=0, lt=100, decimal_places=5)
    """The most that one message may cost, in US dollars."""
    lifetime: timedelta | None = Field(default=None, ge=timedelta(seconds=5), le=timedelta(hours=72))
    """How long a network may go on trying; unset: three days."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the account allows; 0: no limit of which we know."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class SnsSettings(BaseModel, frozen=True):
    """`TIDINGS_SNS__REGION` and so on; addresses of push are endpoint ARNs or tokens of an application ARN."""

    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    applications: str = ""
    """Comma separated ARNs of platform applications, one a platform: bare tokens become endpoints there."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the account allows; 0: no limit of which we know."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class FcmSettings(BaseModel, frozen=True):
    """`TIDINGS_FCM__CREDENTIALS` and so on; addresses are registration tokens."""

    credentials: Path | None = None
    """The JSON file of a service account that may send."""
    rate: float = Field(default=0, ge=0)
    """Messages a second that the project allows; 0: no limit of which we know."""
    endpoint: str | None = None
    """Another address than the provider's own, for tests."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class WebpushSettings(BaseModel, frozen=True):
    """`TIDINGS_WEBPUSH__KEY` and so on; addresses are the subscriptions that browsers make, as JSON."""

    key: Path | None = None
    """The VAPID private key, a PEM file; the page that subscribes knows its public half."""
    subject: str = ""
    """Who answers for it: `mailto:` or `https:` (RFC 8292)."""
    services: str = ""
    """Comma separated host names of more push services than those of Google, Mozilla, Apple and Microsoft."""
    loopback: bool = False
    """Reach services on this machine, without TLS, for tests."""
    rate: float = Field(default=0, ge=0)
    """Messages a second; 0: no limit of which we know."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that one message may take."""


class AwsEventsSettings(BaseModel, frozen=True):
    """`TIDINGS_AWS_EVENTS__TOPICS` and so on: what SES, SNS and Amazon's SMS report, at `/hooks/ses` or in a queue."""

    topics: str = ""
    """Comma separated ARNs of the SNS topics that are believed; set them to open `/hooks/ses` and `/hooks/sns`."""
    queue: str = ""
    """URL of an SQS queue with such events; its policy says who may write into it."""
    max_age: timedelta = timedelta(hours=1)
    """Older webhook calls are refused; SNS retries for less than that."""
    sha1: bool = False
    """Believe SignatureVersion 1 as well; better set the topic's SignatureVersion to 2."""
    endpoint: str | None = None
    """Another address than Amazon's own for certificates, confirmations and the queue, for tests."""
    timeout: timedelta = timedelta(seconds=5)
    """The longest that fetching a certificate or asking the queue may take."""


class SpoolSettings(BaseModel, frozen=True):
    """`TIDINGS_SPOOL__FOLDER`: where the print house collects batches."""

    folder: Path | None = None
    """Each batch appears there whole or not at all."""


class S3Settings(BaseModel, frozen=True):
    """`TIDINGS_S3__BUCKET` and so on: where the print house collects batches; credentials as boto3 finds them."""

    bucket: str = ""
    """Its name; the print house collects there."""
    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    prefix: str = ""
    """Folder in the bucket, for example `letters`."""
    encryption: Literal["", "AES256", "aws:kms"] = ""
    """Of the objects; empty: what the bucket does by itself."""
    endpoint: str | None = None
    """Another service that speaks S3."""
    timeout: timedelta = timedelta(seconds=60)
    """The longest that one file of a batch may take."""


class SftpSettings(BaseModel, frozen=True):
    """`TIDINGS_SFTP__HOST` and so on: where the print house collects batches."""

    host: str = ""
    """The print house's server."""
    port: int = Field(default=22, ge=1, le=MAX_PORT)
    """Usual: 22."""
    username: str = ""
    """As the print house tells it."""
    password: SecretStr = SecretStr("")
    """Or a key."""
    key_file: Path | None = None
    """Private key, OpenSSH format."""
    key_password: SecretStr = SecretStr("")
    """What the key file is locked with, if it is."""
    host_key: str = ""
    """The server's public key, like `ssh-ed25519 AAAA...`, as the print house tells it."""
    known_hosts: Path | None = None
    """Or a file with it, as OpenSSH writes it."""
    folder: str = "."
    """On the server; it must be there."""
    timeout: timedelta = timedelta(seconds=60)
    """The longest that one batch may take."""


class LobSettings(BaseModel, frozen=True):
    """`TIDINGS_LOB__KEY` and so on: a print API of the shape of Lob's."""

    key: SecretStr = SecretStr("")
    """Of the service's API: `live_...`, or `test_...` for a trial without paper."""
    sender: str = ""
    """The return address, as the service's id: `adr_...`."""
    color: bool = False
    """Print in colour; costs more."""
    webhook_secret: SecretStr = SecretStr("")
    """What its callbacks to `/hooks/lob` are signed with; empty: none are taken."""
    rate: float = 15.0
    """Requests a second; the service allows 150 in 5 seconds."""
    endpoint: str = "https://api.lob.com"
    """The service's address; another one for tests."""
    timeout: timedelta = timedelta(seconds=30)
    """The longest that one letter may take."""


class PingenSettings(BaseModel, frozen=True):
    """`TIDINGS_PINGEN__CLIENT_ID` and so on: a print API of the shape of Pingen's."""

    client_id: str = ""
    """Of an API client with the grant `client credentials`."""
    client_secret: SecretStr = SecretStr("")
    """The same client's."""
    organisation: str = ""
    """The organisation's id at the service, a UUID."""
    product: str = "cheap"
    """`cheap`, `fast`, or a product of one post, for a letter whose postage class is `standard`."""
    color: bool = False
    """Print in colour; costs more."""
    webhook_secret: SecretStr = SecretStr("")
    """What its callbacks to `/hooks/pingen` are signed with; empty: none are taken."""
    rate: float = 4.0
    """Letters a second, three requests each."""
    endpoint: str = "https://api.pingen.com"
    """The service's address; `https://api-staging.pingen.com` for a trial without paper."""
    identity: str = "https://identity.pingen.com"
    """Where tokens come from."""
    timeout: timedelta = timedelta(seconds=30)
    """The longest that one request may take."""


class ReturnsSettings(BaseModel, frozen=True):
    """`TIDINGS_RETURNS__FOLDER`: what print house and post give back."""

    folder: Path | None = None
    """Confirmations and lists or scans of returned letters are put here; unset: `inbox/paper` in the home."""


class MailboxSettings(BaseModel, frozen=True):
    """`TIDINGS_MAILBOX__MAILDIR`, or `TIDINGS_MAILBOX__HOST` and so on: where bounces and replies arrive."""

    maildir: Path | None = None
    """A Maildir on this machine."""
    host: str = ""
    """Or an IMAP server."""
    port: int = Field(default=993, ge=1, le=MAX_PORT)
    """Usual: 993, or 143 with `starttls`."""
    username: str = ""
    """Of the IMAP account."""
    password: SecretStr = SecretStr("")
    """Of the IMAP account."""
    encryption: Literal["tls", "starttls", "never"] = "tls"
    """`never` for a server on this machine only."""
    folder: str = "INBOX"
    """What is read; it should hold nothing else."""
    done: str = "Tidings-read"
    """The folder that read mail is moved to; made when it is missing."""
    aside: str = "Tidings-unreadable"
    """The folder for mail that could not be read."""
    timeout: timedelta = timedelta(seconds=10)
    """The longest that the server may be silent."""


class WebhooksSettings(BaseModel, frozen=True):
    """`TIDINGS_WEBHOOKS__TIMEOUT` and so on: how events reach the endpoints that `tidings webhooks` registers."""

    timeout: timedelta = Field(default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=1))
    """The longest that an endpoint may be silent."""
    loopback: bool = False
    """Call endpoints on this machine, without TLS, for tests."""


class DropsSettings(BaseModel, frozen=True):
    """`TIDINGS_DROPS__FOLDER` and so on: files of systems without an API, in folders named as what they hold."""

    folder: Path | None = None
    """Below it `customers`, `statements`, `touchpoints`, `invoices` and so on; unset: `drops` in the home."""
    bucket: str = ""
    """An S3 bucket with the same folders; credentials as boto3 finds them."""
    region: str = ""
    """Like `eu-north-1`; never guessed from the machine."""
    prefix: str = ""
    """Folder in the bucket."""
    endpoint: str | None = None
    """Another service that speaks S3."""
    timeout: timedelta = timedelta(seconds=60)
    """The longest that the bucket may be silent."""
    settle: timedelta = Field(default=timedelta(seconds=5), ge=timedelta(0))
    """A file in a folder is taken when it has not changed for so long: nobody writes it any more."""


class AlertSettings(BaseModel, frozen=True):
    """`TIDINGS_ALERTS__EMAIL` and so on: a path of its own, apart from the lanes that it reports on."""

    email: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma separated addresses that hear of alerts."""
    sender: str = "tidings@localhost"
    """Whom these mails come from."""
    smtp_host: str = "localhost"
    """The relay of these mails; better another one than that of `TIDINGS_SMTP__HOST`."""
    smtp_port: int = Field(default=25, ge=1, le=MAX_PORT)
    """Usual: 25; no user name is given there."""
    webhook: SecretStr = SecretStr("")
    """A URL that alerts are posted to as JSON."""
    expires: Mapping[str, date] = {}
    """When credentials end that cannot be asked, as JSON: `{"twilio": "2027-01-31"}`."""
    cut_off: time | None = None
    """When the print house collects, in the organisation's time zone: `16:00`."""

    @field_validator("email", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split(value)


class LoginSettings(BaseModel, frozen=True):
    """`TIDINGS_LOGIN__IDLE` and so on: how long somebody stays logged in."""

    idle: timedelta = Field(default=timedelta(hours=1), gt=timedelta(0))
    """A session ends when nothing has been asked for so long."""
    life: timedelta = Field(default=timedelta(hours=12), gt=timedelta(0))
    """And after this time in any case."""
    invitation: timedelta = Field(default=timedelta(days=3), gt=timedelta(0))
    """How long the link holds by which somebody sets a password."""
    password: bool = True
    """False: only the single sign-on of `TIDINGS_OIDC__ISSUER` logs in."""


class LimitSettings(BaseModel, frozen=True):
    """`TIDINGS_LIMITS__CLIENT` and so on: requests a minute before an answer is 429; 0: no limit."""

    client: int = Field(default=1200, ge=0)
    """Of pages, for one address (an IPv6 network of 64 bits); behind a proxy on this machine set `TIDINGS_PROXIES`."""
    link: int = Field(default=600, ge=0)
    """Of pages behind one signed link."""
    key: int = Field(default=12000, ge=0)
    """Of calls with one API key."""


class OidcSettings(BaseModel, frozen=True):
    """`TIDINGS_OIDC__ISSUER` and so on: single sign-on by OpenID Connect, the code flow with PKCE."""

    issuer: str = ""
    """Where `/.well-known/openid-configuration` is found; set it to offer the single sign-on."""
    client_id: str = ""
    """What the issuer calls this program."""
    client_secret: SecretStr = SecretStr("")
    """Empty for a public client, or with `client_secret_file`."""
    client_secret_file: Path | None = None
    """A file with nothing but the secret."""
    scope: str = "openid profile email"
    """What is asked for; some need one more to tell of groups."""
    name_claim: str = "preferred_username"
    """The claim that becomes the account's name."""
    role_claim: str = "groups"
    """The claim that lists what somebody is."""
    roles: Mapping[str, tuple[Role, ...]] = {}
    """Roles by value of that claim, as JSON: `{"crm-team": ["marketing"]}`; who has none cannot log in."""
    timeout: timedelta = timedelta(seconds=5)
    """The longest wait for an answer of the issuer."""


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
    sms: Annotated[tuple[Literal["twilio", "aws"], ...], NoDecode] = ()
    """Providers of SMS."""
    whatsapp: Annotated[tuple[Literal["twilio"], ...], NoDecode] = ()
    """Provider of WhatsApp."""
    push: Annotated[tuple[Literal["sns", "fcm", "webpush"], ...], NoDecode] = ()
    """Providers of push notifications: for each device the first one that reaches its platform."""
    letter: Annotated[tuple[Literal["spool", "s3", "sftp", "lob", "pingen"], ...], NoDecode] = ()
    """Where letters are printed."""
    smtp: SmtpSettings = SmtpSettings()
    dkim: DkimSettings = DkimSettings()
    ses: SesSettings = SesSettings()
    twilio: TwilioSettings = TwilioSettings()
    aws_sms: AwsSmsSettings = AwsSmsSettings()
    sns: SnsSettings = SnsSettings()
    fcm: FcmSettings = FcmSettings()
    webpush: WebpushSettings = WebpushSettings()
    aws_events: AwsEventsSettings = AwsEventsSettings()
    spool: SpoolSettings = SpoolSettings()
    s3: S3Settings = S3Settings()
    sftp: SftpSettings = SftpSettings()
    lob: LobSettings = LobSettings()
    pingen: PingenSettings = PingenSettings()
    returns: ReturnsSettings = ReturnsSettings()
    mailbox: MailboxSettings = MailboxSettings()
    alerts: AlertSettings = AlertSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    drops: DropsSettings = DropsSettings()
    login: LoginSettings = LoginSettings()
    oidc: OidcSettings = OidcSettings()
    limits: LimitSettings = LimitSettings()
    public_url: str = "http://127.0.0.1:8765"
    """What signed links begin with; another port of this machine when TIDINGS_PORT names it and this is left out."""
    host: str = "127.0.0.1"
    """Where `tidings up` listens."""
    port: int = Field(default=8765, ge=0, le=MAX_PORT)
    """And on which port."""
    proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma separated addresses or networks of our own reverse proxies: only what they say in X-Forwarded-For is
    believed, and limits count by it."""
    claim: int = Field(default=4000, ge=1, le=4000)
    """Messages of a claim at most; fewer where the provider is slow. All of them can be in doubt after a power cut,
    after the death of a process only those being handed over."""
    lease: timedelta = Field(default=timedelta(seconds=120), gt=timedelta(seconds=1))
    """How long after a claim, or its renewal, a call may begin; an attempt is given up after that and the longest
    call."""
    log: Literal["debug", "info", "warning", "error"] = "warning"
    """What the log tells, at least."""
    ask_mismatches: bool = False
    """Whether `tidings up` asks customers who chose one channel and answer on another which they mean."""

    @field_validator("allow", "email", "sms", "whatsapp", "push", "letter", "proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split(value)

    @model_validator(mode="before")
    @classmethod
    def _near(cls, given: dict[str, object]) -> dict[str, object]:
        """Let links lead to the port that we listen on, or the first login's link would open another program."""
        return {"public_url": f"http://127.0.0.1:{given['port']}", **given} if given.get("port") else given

    @field_validator("public_url")
    @classmethod
    def _opens(cls, value: str) -> str:
        whole = urlsplit(value)
        if whole.scheme not in {"http", "https"} or not whole.hostname:
            raise PydanticCustomError(
                "no_url", "customers cannot open that; write it whole, as https://t.example.org"
            )
        return value

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
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
            raise Problem(unparsed(error)) from error
        except ValidationError as error:
            first = error.errors()[0]
            name = "TIDINGS_" + "__".join(str(part).upper() for part in first["loc"])
            raise Problem(
                f"{name}: {first['msg']}.", todo="Run `tidings check` to see all settings."
            ) from error

    @property
    def public_is_near(self) -> bool:
        """Tell whether the page's public address is this machine, which nobody else can open or call."""
        return urlsplit(self.public_url).hostname in {"localhost", "127.0.0.1", "::1"}

    @cached_property
    def root(self) -> Path:
        """`home` as an absolute path."""
        return self.home.expanduser().absolute()
