"""The town in two levels: grids inside communities, communities inside streets."""
