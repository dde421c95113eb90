"""Homes of earlier releases, each left with a run in flight."""
