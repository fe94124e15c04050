"""From images to numbers to a choice: metrics, prompt suites, measurements per checkpoint, the best checkpoint."""
