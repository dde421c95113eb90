"""Whether anybody has said whom a brand must not write to."""

from sqlalchemy import Connection, text


def suppressions_known(connection: Connection, brand: str) -> bool:
    """Tell whether suppressions of the brand (or of all) were imported, or somebody recorded that none exist."""
    return bool(
        connection.scalar(
            text("""
                SELECT EXISTS (SELECT 1 FROM suppressions WHERE brand IN (:brand, 'all') AND source LIKE 'import%')
                    OR EXISTS (SELECT 1 FROM audit WHERE action IN ('no_suppressions_exist', 'import_suppressions')
                               AND subject IN (:brand, 'all'))
            """),
            {"brand": brand},
        )
    )


def record_known(connection: Connection, brand: str, *, actor: str, action: str) -> None:
    """Write down that suppressions of a brand were imported, or that none exist.

    Args:
        action: `import_suppressions` or `no_suppressions_exist`.
    """
    connection.execute(
        text("INSERT INTO audit (actor, action, subject) VALUES (:actor, :action, :brand)"),
        {"actor": actor, "action": action, "brand": brand},
    )
