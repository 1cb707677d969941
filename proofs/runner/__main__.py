"""`python -m proofs.runner` is `rlproofs`."""

from proofs.runner.cli import main

if __name__ == "__main__":
    main()
