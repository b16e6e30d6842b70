"""Marktecho's orchestration: sources, landing, core, marts, audit, publication."""
