"""Content: one source in named blocks, rendered for every channel with the same facts."""
