"""What the tensors of a LoRA file show."""
