"""The pages of the staff: one module a screen, each with its `routes()`."""
