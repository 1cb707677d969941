"""Evidence for claims: which code computes which term of a statement, and what is sampled.  File names as in `proofs/`.

Declarations only: code is named by a dotted string, so that listing claims imports neither torch nor numpy.
"""
