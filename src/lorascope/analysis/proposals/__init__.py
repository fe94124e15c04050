"""Proposals and predictions: what the next run would teach, gain and cost."""
