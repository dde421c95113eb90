"""Which language a message is written in, and the words of the layouts."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

_LOCALES = Path(__file__).parent / "locales"


def choose(wanted: str, offered: Sequence[str], fallback: Sequence[str] = ()) -> str:
    """Return the language to write in: region, then language, then the organisation's, then the first offered.

    Args:
        wanted: as the customer has it, `pt_BR`, `pt-BR` or `pt`.
        offered: what the template has.
        fallback: the organisation's languages, best first.

    >>> choose("nn_NO", ["en", "nb"], ["nb"])
    'nb'
    >>> choose("pt", ["en", "pt_BR"])
    'pt_BR'
    """
    return _choose(wanted, tuple(offered), tuple(fallback))


@lru_cache(maxsize=1024)
def _choose(wanted: str, offered: tuple[str, ...], fallback: tuple[str, ...]) -> str:
    for language in (wanted, *fallback):
        if found := _match(language.replace("-", "_"), offered):
            return found
    return offered[0]


def _match(wanted: str, offered: Sequence[str]) -> str:
    by_name = {language.casefold(): language for language in offered}
    if exact := by_name.get(wanted.casefold()):
        return exact
    root = _root(wanted)
    # Norwegian without saying which is Bokmal; a Norwegian of either kind reads the other before English.
    alike = {root, "nb", "no", "nn"} if root in {"no", "nb", "nn"} else {root}
    return next((language for language in offered if _root(language) in alike), "") if root else ""


def _root(language: str) -> str:
    return language.partition("_")[0].casefold()


def direction(language: str) -> str:
    """Return `ltr` or `rtl` for the `dir` attribute."""
    return "rtl" if _root(language) in {"ar", "fa", "he", "ur", "yi", "ps"} else "ltr"


@lru_cache(maxsize=64)
def words(language: str) -> Mapping[str, str]:
    """Return the layouts' own words (labels, footers) in a language; English where a word is missing."""
    known = sorted(path.stem for path in _LOCALES.glob("*.toml"))
    english = tomllib.loads((_LOCALES / "en.toml").read_text(encoding="utf-8"))
    chosen = choose(language, known, ("en",))
    return english | tomllib.loads((_LOCALES / f"{chosen}.toml").read_text(encoding="utf-8"))
