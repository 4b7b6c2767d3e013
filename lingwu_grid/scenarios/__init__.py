"""Scenarios: several plans to choose between, and what each restriction costs."""
