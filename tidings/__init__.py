"""The words every other package speaks: channels, purposes, brands, messages, outcomes, settings."""
