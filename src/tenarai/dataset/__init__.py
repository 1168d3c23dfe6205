"""Corpora: pictures with their text, from the forms in which people keep them."""
