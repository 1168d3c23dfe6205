"""Handwriting made from pen strokes and fonts, with exact boxes: characters, lines, blocks."""
