"""Finite MDPs in rational arithmetic: read, refuse, solve, enumerate; the same numbers as tensors.

    model      FiniteMDP and Policy: frozen, checked row by row
    reading    from plain data, JSON or TOML; `named("cliff_walk")` reads a table of numeric/mdps
    schema     the format `rlproofs-mdp/1` as JSON Schema
    instances  from the instance of a claim (proofs.instances), which is plain data, too
    solve      V, Q, A and visits of a policy by exact linear solves; optimal values by policy iteration
    paths      trajectories to a horizon with their probabilities; k-step and lambda targets by enumeration
    tensors    numpy and torch arrays

A state is a name, a number is a Fraction, and terminal states are worth 0 and have no rows.  Importing this loads nothing.
"""
