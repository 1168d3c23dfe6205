"""Pixels in, pixels out: reading, cleaning, standardising and augmenting pictures. No torch, no page geometry."""
