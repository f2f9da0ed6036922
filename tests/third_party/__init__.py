"""Applications that nobody here wrote, installed apart and served on the machine itself, for the product to work with."""
