"""May we reach this customer, how and when. Pure: no clock, no network, no database, no environment."""
