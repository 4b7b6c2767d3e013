"""Audit: what the tables say of each other, and how today's map stands, without solving."""
