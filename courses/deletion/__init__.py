"""Deletion on request: what goes at once, what is restricted until its time, and what stays without a name."""
