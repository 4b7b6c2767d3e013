"""A synthetic town from a seed: it looks like Lingwu and is not Lingwu."""
