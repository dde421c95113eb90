"""Providers: one file each, turning deliveries into outcomes. `channels.contract` says what all promise."""
