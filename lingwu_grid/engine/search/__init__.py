"""Search: moves that change an assignment, compiled."""
