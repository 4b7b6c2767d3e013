"""An assignment becomes a plan with names, lineage and reasons."""
