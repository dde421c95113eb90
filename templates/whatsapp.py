"""WhatsApp messages: free text within the customer's 24 hours, else an approved content template.

The approved template says in its own words who writes and why, and has these variables:
{{1}} the short text, {{2}} the main link, {{3}} how to stop (marketing only). Templates whose link is absent have no
{{2}}; the numbers stay.
"""

from templates.subject import Subject
from tidings.message import WhatsApp
from tidings.problem import Problem

LONGEST = 1600
"""Signs of a text that Twilio takes; WhatsApp itself takes 4,096."""


def make_whatsapp(
    *, subject: Subject, text: str, link: str, stop: str, template: str, where: str
) -> WhatsApp:
    """Return the message.

    Args:
        subject: who writes, to whom, and when the customer last wrote.
        text: the short text.
        link: the main link, '' when there is none.
        stop: how to end it, '' where that is not asked for.
        template: SID of the approved template in this language, '' when there is none.
        where: name of our template, for problems.

    Raises:
        Problem: the text is too long.
    """
    pieces = [" ".join(text.split()), link, stop]  # WhatsApp takes no line ends in a variable (Twilio 63013)
    whole = "\n\n".join(piece for piece in pieces if piece)
    if len(whole) > LONGEST:
        raise Problem(f"{where}: the WhatsApp message has {len(whole)} signs, the limit is {LONGEST}.")
    return WhatsApp(
        sender=subject.brand.senders.whatsapp,
        to=subject.to,
        text=whole,
        template=template,
        variables=tuple(pieces if stop else pieces[:2]),
        heard_at=subject.heard_at,
    )
