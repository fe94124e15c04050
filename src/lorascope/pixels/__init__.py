"""What the pixels of one picture say: its grid, its cells, its colors, its background. Pure functions of arrays."""
