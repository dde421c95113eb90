"""Countries as people write them, and what follows from one: language and time zone."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CODE = re.compile(r"[A-Z]{2}")

_ALIASES = """
    america=US united states of america=US england=GB scotland=GB wales=GB
    northern ireland=GB great britain=GB britain=GB uk=GB
    united kingdom of great britain and northern ireland=GB holland=NL czech republic=CZ korea=KR
    republic of korea=KR south korea=KR russia=RU russian federation=RU republic of ireland=IE eire=IE uae=AE
    slovak republic=SK ivory coast=CI macedonia=MK burma=MM swaziland=SZ turkey=TR viet nam=VN brasil=BR
    d=DE a=AT f=FR i=IT s=SE n=NO h=HU b=BE e=ES p=PT l=LU gb=GB sf=FI fin=FI slo=SI irl=IE
    hong kong=HK macau=MO taiwan=TW palestine=PS vatican=VA cape verde=CV moldova=MD bolivia=BO iran=IR
    tschechische republik=CZ grossbritannien=GB storbritannia=GB storbritannien=GB wielka brytania=GB
    reino unido=GB regno unito=GB royaume uni=GB angleterre=GB estados unidos da america=US eua=US eeuu=US
    ee uu=US etats unis d amerique=US stany zjednoczone ameryki=US forenta staterna=US niederlande=NL
    norway=NO norge=NO noreg=NO sverige=SE danmark=DK deutschland=DE polska=PL
"""
"""What neither CLDR nor ISO says. Single letters are the signs of cars, usual in Central European address lists."""

_LOCALES = (
    *(
        "de",
        "fr",
        "es",
        "it",
        "nl",
        "pt",
        "sv",
        "nb",
        "nn",
        "da",
        "fi",
        "pl",
        "cs",
        "sk",
        "hu",
        "sl",
        "hr",
        "sr",
        "ro",
    ),
    *("bg", "el", "ru", "uk", "tr", "et", "lv", "lt", "is", "ga", "ca", "ja", "zh", "ko", "ar", "he"),
)

_LANGUAGES = {
    "BE": "nl", "BR": "pt_BR", "CA": "en", "CH": "de", "CY": "el", "FI": "fi", "GB": "en", "HK": "zh", "IE": "en",
    "IL": "he", "IN": "en", "KE": "en", "LU": "fr", "MT": "en", "MY": "en", "NG": "en", "NO": "nb", "NZ": "en",
    "PH": "en", "PK": "en", "PR": "es", "SG": "en", "SJ": "nb", "US": "en", "ZA": "en",
}  # fmt: skip
"""Where a country has several official languages, or CLDR lists one that few letters are written in."""

_AREA_LANGUAGES = {("CA", "QC"): "fr"}

_ZONES = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei", "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti", "PG": "Pacific/Port_Moresby", "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York",
    "UZ": "Asia/Tashkent", "VN": "Asia/Ho_Chi_Minh",
}  # fmt: skip
"""Countries with several zones: where most people live."""

_AREA_ZONES = {
    "US": "Chicago:AL AR IL IA KS LA MN MS MO NE ND OK SD TN TX WI|Denver:CO MT NM UT WY|Phoenix:AZ|Boise:ID"
    "|Los_Angeles:CA NV OR WA|Anchorage:AK|Indiana/Indianapolis:IN|Detroit:MI|Puerto_Rico:PR",
    "CA": "Vancouver:BC|Edmonton:AB NT|Regina:SK|Winnipeg:MB|Moncton:NB|Halifax:NS PE|St_Johns:NL|Whitehorse:YT"
    "|Iqaluit:NU",
    "BR": "Manaus:AM|Rio_Branco:AC|Cuiaba:MT|Campo_Grande:MS|Porto_Velho:RO|Boa_Vista:RR|Belem:PA AP"
    "|Fortaleza:CE RN PB PI MA|Recife:PE|Bahia:BA|Maceio:AL SE|Araguaina:TO",
    "AU": "Melbourne:VIC|Brisbane:QLD|Adelaide:SA|Perth:WA|Hobart:TAS|Darwin:NT",
}


def fold(text: str) -> str:
    """Return a text as a key: lower case, without accents and punctuation, words parted by one space.

    >>> fold("  Česká  republika. ")
    'ceska republika'
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    letters = "".join(char for char in plain.casefold() if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w]+|_", " ", letters).split())


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country in any usual spelling, '' when it is not known.

    Understands alpha-2 and alpha-3 codes, car signs, and names in English and in the languages of `_LOCALES`.

    >>> [country_code(name) for name in ("USA", "U.K.", "Deutschland", "norge", "Tsjekkia", "Narnia")]
    ['US', 'GB', 'DE', 'NO', 'CZ', '']
    """
    key = fold(text).removeprefix("the ")
    if not key:
        return ""
    known = _english()
    return known.get(key) or known.get(key.replace(" ", "")) or _elsewhere().get(key, "")


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """Return all alpha-2 codes of countries and territories."""
    from babel.core import get_global

    not_countries = {"EU", "UN", "EZ", "QO", "XA", "XB", "ZZ"}
    return frozenset(
        code for code in _territories("en") if _CODE.fullmatch(code) and code not in not_countries
    ) & frozenset(get_global("territory_zones"))


def _territories(locale: str) -> dict[str, str]:
    from babel import Locale

    return dict(Locale.parse(locale).territories)


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    from babel.core import get_global

    found = {fold(name): code for code, name in _territories("en").items() if code in codes()}
    for old, new in get_global("territory_aliases").items():
        if re.fullmatch(r"[A-Z]{3}", old) and len(new) == 1:  # alpha-3
            found[old.lower()] = new[0]
    found |= {code.lower(): code for code in codes()}
    for pair in re.finditer(r"([a-z ]+?)=([A-Z]{2})", " ".join(_ALIASES.split())):
        found[pair[1].strip()] = pair[2]
    return found


@lru_cache(maxsize=1)
def _elsewhere() -> dict[str, str]:
    """Names in other languages: 5 ms a locale, so only when a name was not known otherwise."""
    found: dict[str, str] = {}
    for locale in _LOCALES:
        for code, name in _territories(locale).items():
            if code in codes():
                found.setdefault(fold(name), code)
    return found


@lru_cache(maxsize=1024)
def language_of(country: str, area: str = "") -> str:
    """Return the language most letters to a country are written in, `en` where the country is not known.

    >>> [language_of("NO"), language_of("BR"), language_of("DE"), language_of("CA", "QC"), language_of("")]
    ['nb', 'pt_BR', 'de', 'fr', 'en']
    """
    if found := _AREA_LANGUAGES.get((country, area)) or _LANGUAGES.get(country):
        return found
    from babel.languages import get_official_languages

    official = get_official_languages(country, de_facto=True) if country else ()
    return str(official[0]) if official else "en"


@lru_cache(maxsize=4096)
def zone_of(country: str, area: str = "") -> str:
    """Return the time zone of a country's area (state, province), or where most of its people live; else `UTC`.

    >>> zone_of("US", "CA"), zone_of("BR"), zone_of("NO"), zone_of("")
    ('America/Los_Angeles', 'America/Sao_Paulo', 'Europe/Oslo', 'UTC')
    """
    for group in _AREA_ZONES.get(country, "").split("|"):
        place, _, areas = group.partition(":")
        if area and area in areas.split():
            return f"{'Australia' if country == 'AU' else 'America'}/{place}"
    return _ZONES.get(country) or _first_zones().get(country, "UTC")


@lru_cache(maxsize=1)
def _first_zones() -> dict[str, str]:
    from importlib.resources import files

    found: dict[str, str] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found.setdefault(code, zone)
    return found


@lru_cache(maxsize=4096)
def language_code(text: str) -> str:
    """Return a language as BCP 47 with `_` from a code or a name in any usual spelling, '' when it is not known.

    >>> [language_code(word) for word in ("no", "pt-br", "Svenska", "Polish", "en_GB", "Klingonish")]
    ['nb', 'pt_BR', 'sv', 'pl', 'en_GB', '']
    """
    from babel import Locale, UnknownLocaleError

    written = text.strip().replace("-", "_")
    if re.fullmatch(r"[A-Za-z]{2,3}(_[A-Za-z]{4})?(_[A-Za-z]{2})?", written):
        try:
            found = Locale.parse(written)
        except (ValueError, UnknownLocaleError):
            return _language_names().get(fold(text), "")
        language = "nb" if found.language == "no" else found.language
        return f"{language}_{found.territory}" if found.territory else language
    return _language_names().get(fold(text), "")


@lru_cache(maxsize=1)
def _language_names() -> dict[str, str]:
    from babel import Locale

    found: dict[str, str] = {}
    for locale in ("en", *_LOCALES):
        own = Locale.parse(locale)
        for code, name in own.languages.items():
            if re.fullmatch(r"[a-z]{2}|pt_BR", code):
                found.setdefault(fold(name), code)
        if own.display_name:
            found.setdefault(fold(own.display_name), locale)
    return found | {"norwegian": "nb", "norsk": "nb", "norwegisch": "nb", "no": "nb"}
