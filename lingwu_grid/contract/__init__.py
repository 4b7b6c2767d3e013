"""What may come and what may be set: tables, words, settings, policy numbers, errors."""
