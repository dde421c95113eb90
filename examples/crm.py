"""A CRM that shows what happened with a customer, how they want to be reached, and what they are offered.

python examples/crm.py http://127.0.0.1:8765 K-1      # the key is in TIDINGS_KEY
"""

import os
import sys

from tidings_client import AuthenticatedClient
from tidings_client.api.offers import list_offers
from tidings_client.api.preferences import read_preferences
from tidings_client.api.timeline import read_timeline
from tidings_client.models import OffersOut, PreferencesOut, TimelineOut


def main(url: str, customer: str) -> int:
    """Print one customer's page; returns the exit code."""
    tidings = AuthenticatedClient(url, token=os.environ["TIDINGS_KEY"])
    timeline = read_timeline.sync(customer, client=tidings)
    if not isinstance(timeline, TimelineOut):
        print(timeline.detail if timeline else "Tidings said nothing.", file=sys.stderr)
        return 1
    preferences = read_preferences.sync(customer, client=tidings)
    offers = list_offers.sync(customer, client=tidings)
    assert isinstance(preferences, PreferencesOut)
    assert isinstance(offers, OffersOut)
    print(f"{customer}: {preferences.answers.to_dict()}")
    for offer in offers.offers:
        print(f"offered until {offer.valid_until}: {offer.title} {offer.facts.to_dict()}")
    for entry in timeline.timeline:
        print(f"{entry.at:%Y-%m-%d %H:%M}  {entry.title}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
