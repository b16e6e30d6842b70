"""One file per place that keeps something about posts; see `flows.erasure.registry.Place` for what it has to offer."""
