"""The database: tables, connections, migrations, and one module of queries per subject."""
