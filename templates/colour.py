"""The brand's one accent colour, made to work on white, on black and behind text."""

from functools import lru_cache

READABLE = 4.5
"""Contrast of text that WCAG 2.2 AA asks for."""
LINEAR = 10.0
"""Of 255: below it the sRGB curve is a line."""


@lru_cache(maxsize=64)
def palette(accent: str) -> dict[str, str]:
    """Return the colours of a layout from `#rrggbb`: accent, on (text on it), tint, strong, night (accent in the dark).

    `strong` has at least 4.5:1 on white and `night` on near-black (WCAG 2.2 AA).
    """
    strong, night = accent, accent
    while contrast(strong, "#ffffff") < READABLE:
        strong = _mix(strong, "#000000", 0.08)
    while contrast(night, "#1c1f22") < READABLE:
        night = _mix(night, "#ffffff", 0.08)
    return {
        "accent": accent,
        "on": "#ffffff" if contrast(accent, "#ffffff") >= READABLE else "#14171a",
        "tint": _mix(accent, "#ffffff", 0.92),
        "line": _mix(accent, "#ffffff", 0.78),
        "strong": strong,
        "night": night,
        "night_on": "#14171a" if contrast(night, "#14171a") >= READABLE else "#ffffff",
        "night_tint": _mix(accent, "#1c1f22", 0.82),
    }


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    mixed = (round(a + (b - a) * share) for a, b in pairs)
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 3294.6 if part <= LINEAR else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)
