"""What the providers took, against what the store says."""

import json
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import text

KINDS = ("key", "list", "event", "none")
CAPABILITY = {"outbox": "key", "spool": "key", "twilio": "list", "ses": "event", "smtp": "none"}


def empty():
    """Return a verdict on nothing."""
    return {
        "messages": 0,
        "duplicates": dict.fromkeys(KINDS, 0),
        "lost": dict.fromkeys(KINDS, 0),
        "false_accepted": 0,
        "unknown_named": 0,
        "unnamed": 0,
    }


def judge(engine, taken, refused):
    """Return the verdict on one round.

    Args:
        taken: how often each address was taken, by capability: {("list", "+47..."): 1}; letters by message.
        refused: the (capability, address) pairs that were refused for good.
    """
    found = empty()
    with engine.begin() as connection:
        rows = connection.execute(MESSAGES).all()
    for row in rows:
        kind = CAPABILITY.get(row.provider) or CAPABILITY[DEFAULT[row.channel]]
        key = (kind, row.id if row.channel == "letter" else row.address)
        times, named = taken[key], row.doubts > 0
        accepted = row.accepted or row.state == "done"
        twice, never = times > 1, times == 0 and key not in refused
        found["messages"] += 1
        found["duplicates"][kind] += twice
        found["lost"][kind] += never
        found["false_accepted"] += bool(accepted and times == 0)
        found["unknown_named"] += named
        found["unnamed"] += (twice or never) and not named
        if (twice or never) and (not named or kind in {"key", "list"}):
            sys.stderr.write(
                f"broken: taken {times} times by {kind}: {row.channel} is {row.state} {row.reason}; {row.story}\n"
            )
    return found


DEFAULT = {"letter": "spool", "sms": "twilio", "email": "smtp", "push": "smtp"}
MESSAGES = text("""
    SELECT m.id::text AS id, m.channel, m.state, m.reason, a.value AS address,
           (SELECT min(t.provider) FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
            WHERE d.message_id = m.id) AS provider,
           (SELECT count(*) FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
            WHERE d.message_id = m.id AND t.state IN ('unknown', 'abandoned')) AS doubts,
           (SELECT string_agg(concat_ws(' ', t.provider, t.number, t.state, t.error_class, t.code, t.settled_by), ', '
                              ORDER BY t.started_at)
            FROM deliveries d JOIN attempts t ON t.delivery_id = d.id WHERE d.message_id = m.id) AS story,
           EXISTS (SELECT 1 FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
                   WHERE d.message_id = m.id AND t.state = 'accepted') AS accepted
    FROM messages m JOIN addresses a ON a.customer_id = m.customer_id
    WHERE m.state <> 'held'
""")


def add(sum_, part):
    """Add a verdict to another."""
    for name, value in part.items():
        if isinstance(value, dict):
            for kind, count in value.items():
                sum_[name][kind] += count
        else:
            sum_[name] += value


def read_log(path, start):
    """Return (taken, refused, where the log ends) of what the providers wrote from `start` on."""
    lines = Path(path).read_bytes().splitlines()
    taken, refused = Counter(), set()
    for line in lines[start:]:
        entry = json.loads(line)
        key = (entry["kind"], entry["to"])
        if entry["what"] == "taken":
            taken[key] += 1
        else:
            refused.add(key)
    return taken, refused, len(lines)


def printed(folder):
    """Return how often each message is in the print house's folder."""
    taken = Counter()
    for manifest in Path(folder).glob("*/manifest.json"):
        for piece in json.loads(manifest.read_bytes())["pieces"]:
            taken["key", piece["message"]] += 1
    return taken


SIGNATURE = text("""
    SELECT count(*) FILTER (WHERE m.state = 'ready' OR t.state = 'sending'
                            OR (t.state = 'unknown' AND t.provider = 'twilio')) AS left_to_do,
           hashtext(string_agg(concat(m.id, m.state, t.id, t.state), ' ' ORDER BY m.id, t.id)) AS seen
    FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id LEFT JOIN attempts t ON t.delivery_id = d.id
""")


def progress(engine):
    """Return (how many messages are left to do, something that changes while anything moves)."""
    with engine.begin() as connection:
        row = connection.execute(SIGNATURE).one()
    return row.left_to_do, row.seen
