"""Any file to a canonical table plus findings."""
