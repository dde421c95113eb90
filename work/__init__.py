"""Plain functions that combine capabilities: import, plan, deliver, explain. Knows neither Prefect nor HTTP."""
