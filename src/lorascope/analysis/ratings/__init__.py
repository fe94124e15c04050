"""People's judgments: blind scores and choices between two pictures."""
