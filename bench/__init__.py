"""One module per suite of promised figures; `python -m bench` runs them."""
