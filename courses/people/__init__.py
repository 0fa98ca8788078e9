"""Persons, accounts, organisations and jurisdictions: who somebody is and where they may act."""
