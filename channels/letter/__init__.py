"""Letter providers."""
