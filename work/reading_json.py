"""Objects of JSON that name a key twice, told apart: most readers silently take the last one (RFC 8259, section 4)."""

from collections.abc import Sequence
from typing import Any


class Repeated(dict[str, Any]):
    """An object that names a key twice, itself or in an object inside of it; `wrong` says which."""

    wrong = ""


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, `Repeated` where a key is in it twice: an `object_pairs_hook` of `json.loads`.

    >>> once([("total", 1), ("total", 2)]).wrong
    "the key 'total' is in it twice"
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        wrong = f"the key {next(name for name in names if names.count(name) > 1)!r} is in it twice"
    else:
        wrong = next((item.wrong for value in found.values() for item in _inside(value)), "")
    if not wrong:
        return found
    repeated = Repeated(found)
    repeated.wrong = wrong
    return repeated


def _inside(value: Any) -> list[Repeated]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Repeated)]
