"""A second database on our server, for Prefect: its tables stay out of ours."""

from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import ProgrammingError

from tidings.problem import Exit, Problem


def beside(engine: Engine, suffix: str) -> URL:
    """Return the URL of the database `<ours>_<suffix>` on the server of `engine`, which is made when there is none.

    Raises:
        Problem: our user may not make databases.
    """
    name = f"{engine.url.database}_{suffix}"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            quoted = connection.dialect.identifier_preparer.quote_identifier(name)
            try:
                connection.execute(text(f"CREATE DATABASE {quoted}"))
            except ProgrammingError as error:
                raise Problem(
                    f"The database {name} is missing and our user may not make it.",
                    todo=f"Run `CREATE DATABASE {quoted}` as an administrator, or set PREFECT_API_URL.",
                    code=Exit.FAILED,
                ) from error
    return engine.url.set(database=name)
