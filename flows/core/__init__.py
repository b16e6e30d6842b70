"""From landed rows to core tables: each module is one part of the step `prepare`."""
