"""The demo's script: sixty days in the public life of an invented maker of e-bikes."""
