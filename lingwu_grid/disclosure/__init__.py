"""What leaves the office lets no count under five be worked out."""
