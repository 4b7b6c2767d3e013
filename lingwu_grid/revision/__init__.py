"""What the street offices sent back becomes a new plan."""
