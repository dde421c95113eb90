"""The `tidings` command: one module per group of commands, everything heavy imported lazily."""
