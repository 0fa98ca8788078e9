"""Training files: what is kept of a person or of a class run, as one signed archive that proves itself."""
