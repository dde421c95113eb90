"""Where bounces, complaints and replies arrive: a Maildir or a folder on an IMAP server."""

from channels.contract import Source
from tidings.problem import Problem
from tidings.settings import MailboxSettings


def source(settings: MailboxSettings) -> Source | None:
    """Return the mailbox that the settings name, None when they name none.

    Raises:
        Problem: they name two, or an IMAP server without a user.
    """
    if settings.maildir and settings.host:
        raise Problem(
            "TIDINGS_MAILBOX__MAILDIR and TIDINGS_MAILBOX__HOST are both set.", todo="Name one mailbox."
        )
    if settings.maildir:
        from channels.email.maildir import Maildir

        return Maildir(settings.maildir)
    if settings.host:
        from channels.email.imap import Imap

        return Imap(settings)
    return None
