"""An office's own PostGIS server: studies are read from it, plans are written to it."""
