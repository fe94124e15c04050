"""What the numbers allow to say: intervals, paired comparisons, the luck in a best-of-many."""
