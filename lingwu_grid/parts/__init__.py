"""Parts: a study too large for one piece, divided by streets, solved apart and joined again."""
