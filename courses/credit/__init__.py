"""The credit engine: what an hour is and who earned it, computed exactly from evidence.

Standard library only: this package runs copied out alone (`python -m courses.credit`).
Start at `recompute.py`; the contract is `credit-rules.md`. Nothing is imported here.
"""
