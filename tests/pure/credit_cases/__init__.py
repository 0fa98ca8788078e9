"""Evidence for the credit engine's tests: the worked cases as files, and what writes small cases."""
