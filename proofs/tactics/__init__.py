"""What proposes certificates.  Untrusted: `proofs.kernel.check` decides later, in a process that has seen none of this."""
