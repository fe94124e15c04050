"""Effects: which parameters matter for a metric, as far as the runs can tell them apart."""
