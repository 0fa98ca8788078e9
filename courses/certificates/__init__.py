"""Certificates: hours on paper, frozen at issue, verifiable from the paper alone."""
