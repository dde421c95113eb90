"""Which providers serve which channel: those that a setting names, else the outbox folder.

Credentials that happen to lie around never suffice: without `TIDINGS_MODE` and the channel's own setting nothing
leaves the machine. A provider's module, and the library behind it, is loaded only when it is used.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from channels.allowed import OnlyAllowed
from channels.contract import Provider
from channels.letter.batches import Cover
from channels.letter.handover import LetterFolder
from channels.outbox import LetterOutbox, Outbox
from channels.several import Several
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.settings import Mode, Settings


def providers(
    settings: Settings,
    *,
    home: Path,
    out: Path | None = None,
    mode: Mode | None = None,
    cover: Callable[[str], Cover] | None = None,
) -> Mapping[Channel, tuple[Provider, ...]]:
    """Return the providers of every channel, at least one, the most preferred first.

    Args:
        settings: which providers are named, and how they are reached.
        home: `TIDINGS_HOME`; the outbox folder is `home/outbox`.
        out: another outbox folder.
        mode: the mode of the run, when it is not that of the settings.
        cover: makes cover sheet and index of a provider's print batches, by its name.

    Raises:
        Problem: a named provider lacks a setting; names the variable. Nothing was contacted.
    """
    mode = settings.mode if mode is None else mode
    folder = out if out is not None else home / "outbox"
    if out is None:  # whoever names a folder decides who reads in it
        with suppress(OSError):  # told by the first message, as any other fault of the folder
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen: dict[Channel, tuple[Provider, ...]] = {}
    for channel in Channel:
        outbox = _covered(outbox_of(channel, folder), cover)
        names = getattr(settings, channel)
        if mode is Mode.OUTBOX or not names:
            chosen[channel] = (outbox,)
            continue
        made = (_covered(PROVIDERS[channel, name](settings), cover) for name in dict.fromkeys(names))
        chosen[channel] = tuple(
            one if mode is Mode.LIVE else OnlyAllowed(one, outbox, settings.allow) for one in made
        )
    return MappingProxyType(chosen)


def _covered(one: Provider, cover: Callable[[str], Cover] | None) -> Provider:
    if cover is not None and isinstance(one, LetterFolder):
        one.covered_by(cover(one.name))
    return one


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong with the settings of the providers that are named, whatever the mode."""
    found = []
    for channel in Channel:
        for name in getattr(settings, channel):
            try:
                PROVIDERS[channel, name](settings).close()
            except Problem as problem:
                found.append(problem)
    return tuple(found)


def outbox_of(channel: Channel, folder: Path) -> Provider:
    """Return the outbox of a channel in `folder`."""
    return LetterOutbox(folder) if channel is Channel.LETTER else Outbox(folder, channel)


def _smtp(settings: Settings) -> Provider:
    from channels.email.smtp import Smtp

    return Several(Smtp(settings.smtp, dkim=settings.dkim), most=settings.smtp.connections)


def _ses(settings: Settings) -> Provider:
    from channels.email.ses import Ses

    return Ses(settings.ses)


def _twilio(settings: Settings) -> Provider:
    from channels.sms.twilio import Twilio

    return Twilio(settings.twilio, public_url=settings.public_url)


def _aws_sms(settings: Settings) -> Provider:
    from channels.sms.aws import Aws

    return Aws(settings.aws_sms)


def _twilio_whatsapp(settings: Settings) -> Provider:
    from channels.whatsapp.twilio import TwilioWhatsApp

    return TwilioWhatsApp(settings.twilio, public_url=settings.public_url)


def _sns(settings: Settings) -> Provider:
    from channels.push.sns import Sns

    return Sns(settings.sns)


def _fcm(settings: Settings) -> Provider:
    from channels.push.fcm import Fcm

    return Fcm(settings.fcm)


def _webpush(settings: Settings) -> Provider:
    from channels.push.webpush import Webpush

    return Webpush(settings.webpush)


def _spool(settings: Settings) -> Provider:
    from channels.letter.spool import Spool

    return Spool(settings.spool)


def _s3(settings: Settings) -> Provider:
    from channels.letter.s3 import S3

    return S3(settings.s3, home=settings.root)


def _sftp(settings: Settings) -> Provider:
    from channels.letter.sftp import Sftp

    return Sftp(settings.sftp, home=settings.root)


def _lob(settings: Settings) -> Provider:
    from channels.letter.lob import Lob

    return Lob(settings.lob)


def _pingen(settings: Settings) -> Provider:
    from channels.letter.pingen import Pingen

    return Pingen(settings.pingen)


PROVIDERS: Mapping[tuple[Channel, str], Callable[[Settings], Provider]] = MappingProxyType(
    {
        (Channel.EMAIL, "smtp"): _smtp,
        (Channel.EMAIL, "ses"): _ses,
        (Channel.SMS, "twilio"): _twilio,
        (Channel.SMS, "aws"): _aws_sms,
        (Channel.WHATSAPP, "twilio"): _twilio_whatsapp,
        (Channel.PUSH, "sns"): _sns,
        (Channel.PUSH, "fcm"): _fcm,
        (Channel.PUSH, "webpush"): _webpush,
        (Channel.LETTER, "spool"): _spool,
        (Channel.LETTER, "s3"): _s3,
        (Channel.LETTER, "sftp"): _sftp,
        (Channel.LETTER, "lob"): _lob,
        (Channel.LETTER, "pingen"): _pingen,
    }
)
"""Every provider by channel and by the name that its setting takes."""
