"""The ledger: how strongly data speak for or against a hypothesis, what a test would teach, and rules over runs."""
