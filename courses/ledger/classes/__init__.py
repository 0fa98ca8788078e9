"""Class runs of institutions: planned, taught, closed, reviewed by somebody else, and only then hours."""
