"""The steps that bring a database to the present schema; a file's name is its revision."""
