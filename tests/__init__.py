"""One file per feature; the edges users touch, on real parts."""
