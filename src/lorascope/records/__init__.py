"""The nouns that two rooms share. All are frozen and complete at birth."""
