"""What a training can be told: every parameter's definition, and the exact arithmetic that follows from them."""
