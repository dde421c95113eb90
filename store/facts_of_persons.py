"""The facts of persons with several records (`store.persons`): what `store.facts` reads of one, read of all of them.

The stricter counts: every address that one record lost, every open matter, the standing that allows least. Which record
a consent counts for stays visible (`member`), because permission must stand in each of them (`preferences.consent`).
"""

from __future__ import annotations

from collections.abc import Mapping

PERSONS = """
    SELECT customer_id FROM persons WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
"""
"""Which of some records are merged."""

PREFIX = "CASE WHEN a.channel IN ('sms', 'whatsapp') THEN left(a.value, 5) ELSE '' END"
"""The first digits of a phone number."""
_NAMED = r"trim(n.first_name || ' ' || n.last_name) || E'\n' || a.value"
_FORM = "lower(normalize(regexp_replace({}, ' +', ' ', 'g'), NFC))"
_ALIKE = r"regexp_replace(regexp_replace({}, '[.,]+(?=\n|$)', '', 'g'), '(\d) ([a-z])(?=\n|$)', '\1\2', 'g')"
_FORMS = ", ".join(
    f"sha256(convert_to({form}, 'UTF8'))"
    for plain in (_FORM.format("a.value"), _FORM.format(_NAMED))
    for form in (plain, _ALIKE.format(plain))
)
LISTED = f"""
    CASE WHEN cardinality(%(registers)s::bigint[]) > 0 THEN (
        SELECT min(e.register_id) FROM register_entries e JOIN customers n ON n.id = a.customer_id
         WHERE e.register_id = ANY(%(registers)s::bigint[]) AND e.digest IN ({_FORMS})) END
"""
"""The do-not-mail register that lists an address `a`, by itself or with the customer's name (`work.registers`).

A file of digests holds the form as it is, a file of words what is alike whether "12 B", "12B" or "12B." was written.
"""
_OF = """
    FROM persons m JOIN persons w ON w.person_id = m.person_id
"""
"""m: the record that is asked about; w: each record of its person."""
_ASKED = "m.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))"
_STRICTER = "ARRAY['deceased', 'former', 'prospect', 'customer']"

MERGED: Mapping[str, str] = {
    "customers": f"""
        SELECT m.customer_id AS customer, min(c.language) AS language, min(c.time_zone) AS time_zone,
               min(c.country) AS country,
               ({_STRICTER})[min(array_position({_STRICTER}, o.standing))] AS standing,
               ARRAY(SELECT DISTINCT h FROM persons x JOIN customers y ON y.id = x.customer_id, unnest(y.holds) h
                      WHERE x.person_id = m.person_id ORDER BY h) AS holds
          {_OF} JOIN customers c ON c.id = m.customer_id JOIN customers o ON o.id = w.customer_id
         WHERE {_ASKED} GROUP BY m.customer_id, m.person_id
    """,
    # One row for each value: its own record's where it has it. Its own come first, then the others'.
    "addresses": f"""
        SELECT DISTINCT ON (m.customer_id, a.channel, a.value) m.customer_id AS customer, a.channel, a.id AS address,
               CASE WHEN bool_or(a.state = 'unusable') OVER same THEN 'unusable' ELSE 'usable' END AS state,
               max(a.problem) OVER same AS problem, bool_or(a.verified_at IS NOT NULL) OVER same AS verified,
               least(a.position + CASE WHEN a.customer_id = m.customer_id THEN 0 ELSE 100 END, 32767)::smallint
                   AS position,
               coalesce(a.postal ->> 'country', '') AS country, {PREFIX} AS prefix, {LISTED} AS register
          {_OF} JOIN addresses a ON a.customer_id = w.customer_id
         WHERE {_ASKED} AND a.removed_at IS NULL AND NOT EXISTS (
               SELECT FROM persons x JOIN addresses r ON r.customer_id = x.customer_id
                WHERE x.person_id = m.person_id AND (r.channel, r.value) = (a.channel, a.value)
                  AND r.removed_at IS NOT NULL AND r.problem <> 'replaced')
        WINDOW same AS (PARTITION BY m.customer_id, a.channel, a.value)
         ORDER BY m.customer_id, a.channel, a.value, a.customer_id <> m.customer_id, a.id
    """,
    "suppressions": f"""
        SELECT m.customer_id AS customer, a.channel, a.id AS address, s.id AS suppression, s.brand, s.reason, s.at
          {_OF} JOIN addresses a ON a.customer_id = w.customer_id
          JOIN suppressions s ON s.channel = a.channel AND s.value = a.value
         WHERE {_ASKED} AND a.removed_at IS NULL AND s.lifted_at IS NULL AND s.brand IN (%(brand)s, 'all')
    """,
    # The last lines are no events: a record that was never asked has not agreed either.
    "consents": f"""
        SELECT m.customer_id AS customer, c.id AS consent, c.brand, c.topic, c.channel, c.action, c.source,
               c.proof <> '' AS proof, c.at, c.on_behalf, c.expires_at, coalesce(c.record ->> 'ground', '') AS ground,
               w.customer_id AS member
          {_OF} JOIN persons o ON o.person_id = m.person_id
          JOIN consents c ON c.customer_id = o.customer_id
           AND (o.customer_id = w.customer_id OR c.id > greatest(o.since, w.since))
         WHERE {_ASKED} AND c.brand IN (%(brand)s, 'all') AND c.topic = ANY(%(topics)s::text[])
         UNION ALL
        SELECT m.customer_id, 0, '', '', '', '', '', false, 'epoch', '', NULL, '', w.customer_id {_OF} WHERE {_ASKED}
    """,
    "statements": f"""
        SELECT m.customer_id AS customer, s.id AS statement, s.brand, s.topic, s.kind, s.channels,
               s.value::text AS value, s.source, s.from_at, s.until_at, s.at, s.on_behalf
          {_OF} JOIN statements s ON s.customer_id = w.customer_id
         WHERE {_ASKED} AND s.brand IN (%(brand)s, 'all') AND s.topic = ANY(%(topics)s::text[])
    """,
    "behaviour": f"""
        SELECT DISTINCT ON (m.customer_id, b.channel) m.customer_id AS customer, b.channel, b.purpose_class, b.reached,
               b.engaged, b.observations, b.as_of
          {_OF} JOIN behaviour b ON b.customer_id = w.customer_id
         WHERE {_ASKED} AND b.purpose_class = %(purpose_class)s
         ORDER BY m.customer_id, b.channel, b.observations DESC, b.as_of DESC, b.customer_id
    """,
    "hours": f"""
        SELECT q.customer, unnest(q.cells) AS cell, unnest(q.weights) AS weight, q.as_of FROM (
            SELECT DISTINCT ON (m.customer_id) m.customer_id AS customer, b.cells, b.weights, b.as_of
              {_OF} JOIN best_hours b ON b.customer_id = w.customer_id
             WHERE {_ASKED} ORDER BY m.customer_id, b.observations DESC, b.as_of DESC, b.customer_id) q
    """,
    "recent": f"""
        SELECT m.customer_id AS customer, t.brand, t.purpose, t.channel, t.at
          {_OF} JOIN touchpoints t ON t.customer_id = w.customer_id
         WHERE {_ASKED} AND t.at > %(since)s AND t.direction = 'out' AND t.kind = 'sent'
           AND t.purpose = ANY(%(purposes)s::text[])
         UNION ALL
        SELECT m.customer_id, x.brand, x.purpose, d.channel, d.created_at
          {_OF} JOIN messages x ON x.customer_id = w.customer_id JOIN deliveries d ON d.message_id = x.id
         WHERE {_ASKED} AND x.state = 'in_delivery' AND x.purpose = ANY(%(purposes)s::text[])
           AND d.state IN ('ready', 'sending', 'in_doubt') AND d.created_at > %(since)s
    """,
}
"""By the frames of `tidings.facts.SCHEMAS`, with the parameters of `store.facts`."""
