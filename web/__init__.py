"""Pages and API: the customer's form, signed links, the billing door."""
