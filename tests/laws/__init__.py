"""Laws: what holds for everything that can be invented. `TIDINGS_LAWS` says how much is."""
