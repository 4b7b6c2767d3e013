"""The fabric: household points and lines become units that tile the town. No search here."""
