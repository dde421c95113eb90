"""Prefect flows: thin async shells over `work`. Only this package imports Prefect."""
