"""From a connector's pages to landing tables: everything that must be the same for all sources."""
