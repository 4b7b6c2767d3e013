"""Figures on paper: charts and plates, drawn from tables; Chinese always has a font."""
