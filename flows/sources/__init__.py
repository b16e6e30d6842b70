"""One file per connector. A new file in this folder that defines a Connector subclass is a new source type."""
