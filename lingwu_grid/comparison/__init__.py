"""Plans to choose between, and what each restriction costs."""
