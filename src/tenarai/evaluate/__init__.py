"""Model x data -> numbers."""
