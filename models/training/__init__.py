"""Training of the embedded model; needs the extra ``train``. Run ``python -m models.training --help``."""
