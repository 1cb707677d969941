"""What checks the promises of contracts: one file a topic; `numeric.contract` says what a check yields."""
