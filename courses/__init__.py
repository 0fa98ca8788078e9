"""The domain: what an hour is, who earned it and why. Nothing is imported here."""
