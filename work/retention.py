"""How long the law wants an invoice to be kept, by the country of the seller."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """What a country's law says."""

    years: int
    """Whole years after the end of the calendar year of issue."""
    law: str
    read: bool = True
    """Whether the law, or what a court, an authority or a legal publisher says of it, was read for this table."""


TERMS: dict[str, Term] = {
    "AT": Term(years=7, law="BAO § 132"),
    "BE": Term(years=10, law="VAT Code art. 60 § 4, as amended by the law of 20 November 2022"),
    "BR": Term(years=5, law="CTN art. 173, 174 and 195"),
    "CH": Term(years=10, law="OR art. 958f", read=False),
    "CZ": Term(years=10, law="Act 235/2004 § 35"),
    "DE": Term(years=8, law="UStG § 14b and AO § 147, as amended by BEG IV of 2024"),
    "DK": Term(years=5, law="Bogføringsloven § 12 (of 2022; § 10 of the act before it)"),
    "ES": Term(years=6, law="Código de Comercio art. 30"),
    "FI": Term(years=10, law="Kirjanpitolaki 2:10: books ten years, vouchers six"),
    "FR": Term(years=10, law="Code de commerce art. L123-22", read=False),
    "GB": Term(years=6, law="VATA 1994 sched. 11 para. 6", read=False),
    "IE": Term(years=6, law="VATCA 2010 s. 84"),
    "IT": Term(years=10, law="Codice civile art. 2220"),
    "LI": Term(years=10, law="PGR art. 1059", read=False),
    "LU": Term(years=10, law="Code de commerce art. 16", read=False),
    "NL": Term(years=7, law="AWR art. 52", read=False),
    "NO": Term(years=5, law="Bokføringsloven § 13"),
    "PL": Term(
        years=6, law="Ordynacja podatkowa art. 86 with 70 § 1: five years from the end of that of payment"
    ),
    "PT": Term(years=10, law="CIVA art. 52", read=False),
    "SE": Term(years=7, law="Bokföringslagen 7:2"),
    "US": Term(years=7, law="26 CFR 1.6001-1 with 26 USC 6501: three, six or seven years", read=False),
}
"""docs/invoices.md shows it. Poland: what December owes, and income, is paid in the year after, so that is a sixth."""
LONGEST = 10
"""Where we do not know the law."""


def keep_until(country: str, issued_on: date) -> date:
    """Return the last day on which the files of an invoice must be there; from the end of the year it was issued in.

    >>> keep_until("NO", date(2026, 3, 1)), keep_until("ZZ", date(2026, 3, 1))
    (datetime.date(2031, 12, 31), datetime.date(2036, 12, 31))
    """
    years = TERMS[country].years if country in TERMS else LONGEST
    return date(issued_on.year + years + 1, 1, 1) - timedelta(days=1)
