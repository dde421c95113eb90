"""How long the law wants an invoice to be kept, by the country of the seller."""

from datetime import date, timedelta

YEARS: dict[str, int] = {
    "AT": 7,  # BAO § 132
    "BE": 10,  # VAT Code art. 60, as amended by the law of 12 March 2023
    "BR": 5,  # CTN art. 173 and 174
    "CH": 10,  # OR art. 958f
    "CZ": 10,  # Act 235/2004 § 35
    "DE": 8,  # UStG § 14b and AO § 147, as amended by BEG IV of 2024
    "DK": 5,  # Bogføringsloven § 12
    "ES": 6,  # Código de Comercio art. 30
    "FI": 10,  # Kirjanpitolaki 2:10, as books; vouchers six years
    "FR": 10,  # Code de commerce art. L123-22
    "GB": 6,  # VATA 1994 sched. 11 para. 6
    "IE": 6,  # VATCA 2010 s. 84
    "IT": 10,  # Codice civile art. 2220
    "LI": 10,  # PGR art. 1059
    "LU": 10,  # Code de commerce art. 16
    "NL": 7,  # AWR art. 52
    "NO": 5,  # Bokføringsloven § 13
    "PL": 5,  # Ordynacja podatkowa art. 70 and 86
    "PT": 10,  # CIVA art. 52
    "SE": 7,  # Bokföringslagen 7:2
    "US": 7,  # 26 CFR 1.6001-1 with 26 USC 6501: three, six, or seven years
}
"""Whole years after the end of the calendar year of issue; docs/invoices.md has the table with its sources."""
LONGEST = 10
"""Where we do not know the law."""


def keep_until(country: str, issued_on: date) -> date:
    """Return the last day on which the files of an invoice must be there; from the end of the year it was issued in.

    >>> keep_until("NO", date(2026, 3, 1)), keep_until("ZZ", date(2026, 3, 1))
    (datetime.date(2031, 12, 31), datetime.date(2036, 12, 31))
    """
    return date(issued_on.year + YEARS.get(country, LONGEST) + 1, 1, 1) - timedelta(days=1)
