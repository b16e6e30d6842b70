"""Errors that models/ raises."""


class ModelError(Exception):
    """A model file is missing, damaged or does not fit this program; the message names the file and the remedy."""
