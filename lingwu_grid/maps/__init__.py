"""Maps: they read a record and decide nothing."""
