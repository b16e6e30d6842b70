"""The demo's survey: an invented questionnaire, its codebook, and two waves of invented responses."""
