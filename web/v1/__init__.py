"""`/v1`: the doors for the organisation's own systems, one module for each kind of thing."""
