"""The judge.  Trusted base: what `proofs.kernel.check` imports.  Standard library and python-flint only."""
