"""Where things are on a page: layout, splitting into lines, reading order."""
