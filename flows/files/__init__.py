"""Exports of other tools as input: reading CSV, JSON Lines and Parquet, mapping their columns, reading their dates."""
