"""Captions as text: how much of them the encoder reads, what is wrong with them, and how they are mended."""
