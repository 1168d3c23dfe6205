"""Recipes, and the training of each model. Lightning runs the loop."""
