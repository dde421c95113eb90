"""What an SMS may show as its sender: a number, or a name where the country's networks take names.

A name takes no replies: whoever answers it is told by the telephone that it cannot be done. So a STOP never comes
back to a name, and the text itself must say how to stop.
"""

import re

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
"""E.164."""
SHORT_CODE = re.compile(r"\d{3,8}")
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
"""Up to eleven signs, at least one letter (3GPP TS 23.040, 9.1.2.5; Twilio and AWS take the same)."""

NO_NAMES = (
    "+1",  # United States, Canada and their neighbours
    "+27",  # South Africa
    "+32",  # Belgium
    "+36",  # Hungary
    "+502",  # Guatemala
    "+503",  # El Salvador
    "+504",  # Honduras
    "+505",  # Nicaragua
    "+506",  # Costa Rica
    "+507",  # Panama
    "+52",  # Mexico
    "+54",  # Argentina
    "+55",  # Brazil
    "+56",  # Chile
    "+57",  # Colombia
    "+58",  # Venezuela
    "+593",  # Ecuador
    "+598",  # Uruguay
    "+60",  # Malaysia
    "+64",  # New Zealand
    "+82",  # South Korea
    "+86",  # China
    "+886",  # Taiwan
)
"""Where networks drop or overwrite names (Twilio's country guidelines, read in 2026)."""


def is_number(sender: str) -> bool:
    """Tell whether a sender is a number or a short code, which takes replies.

    >>> is_number("+4790000001"), is_number("2442"), is_number("Nordlys")
    (True, True, False)
    """
    return bool(NUMBER.fullmatch(sender) or SHORT_CODE.fullmatch(sender))


def is_name(sender: str) -> bool:
    """Tell whether a sender is a name that networks take.

    >>> is_name("Nordlys Hage"), is_name("Nordlys"), is_name("2442"), is_name("Blåbær")
    (False, True, False, False)
    """
    return NAME.fullmatch(sender) is not None


def takes_names(to: str) -> bool:
    """Tell whether a name may be shown as the sender to this number.

    >>> takes_names("+4790000001"), takes_names("+12025550123")
    (True, False)
    """
    return not to.startswith(NO_NAMES)


def sender_for(sender: str, to: str, *, number: str = "") -> str | None:
    """Return the sender to use: itself, `number` where names are not taken, None when there is no way.

    >>> sender_for("Nordlys", "+12025550123", number="+12025550199")
    '+12025550199'
    """
    if is_number(sender) or takes_names(to):
        return sender
    return number or None
