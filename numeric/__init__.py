"""What is computed: pure functions on tensors, Monte Carlo evidence, experiments.  Importing it loads nothing."""
