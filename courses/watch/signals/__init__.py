"""Signals: patterns of watching that ask a question, and never a punishment.

`detectors` are pure, `seeking` gives them what was watched, `models` keeps what they found, `cases`
shows it to whom it concerns and keeps what was answered. Nothing here is read by what counts hours.
"""
