"""The engine: numbers in, numbers out. It knows no geometry, no ids and no text."""
