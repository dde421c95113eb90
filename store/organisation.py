"""The brands in the store: what `organisation.toml` said last, for pages and reports."""

import json

from sqlalchemy import Connection, text

from tidings.organisation import Organisation

_WRITE = text("""
    INSERT INTO brands (id, profile) SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:profiles AS jsonb[]))
    ON CONFLICT (id) DO UPDATE SET profile = excluded.profile, updated_at = now()
    WHERE brands.profile IS DISTINCT FROM excluded.profile
    RETURNING id
""")


def write_brands(connection: Connection, organisation: Organisation) -> tuple[str, ...]:
    """Make the `brands` table say what the organisation says; return the brands that were new or changed.

    A brand that left the file stays in the table: what it sent still refers to it.
    """
    written = connection.execute(
        _WRITE,
        {
            "ids": [brand.id for brand in organisation.brands],
            "profiles": [json.dumps(brand.model_dump(mode="json")) for brand in organisation.brands],
        },
    )
    return tuple(sorted(written.scalars()))
