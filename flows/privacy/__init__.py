"""Pseudonyms and redaction: what happens to personal data before anything touches the disk."""
