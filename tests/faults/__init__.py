"""Faults that a night must survive, one file per kind."""
