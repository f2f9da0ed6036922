"""A browser that follows a recipe: the recipe as data, the guarded window, the steps; executors/browser.py puts them together."""
