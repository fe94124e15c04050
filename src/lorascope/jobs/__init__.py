"""Verbs: where reading, computing and writing meet. One job per file; each is a function of its arguments."""
