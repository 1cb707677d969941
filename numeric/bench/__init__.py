"""`rlproofs bench`: how long the code takes, beside what other libraries take for the same problem, in the same run.

    timing    the protocol: who is timed in what order, how often, and what is kept
    machine   what it ran on: processor, versions, load
    rows      what one measurement is, and ratios
    gae, returns, cartpole, dp, ppo, processes, compiled      one bench each: a function `run` that gives rows
    command   the command line

A library that is not installed is `not run`; nobody's figure is copied from anywhere.  Beside each time stands the largest
error against float64 by definition, since a fast wrong answer is no answer.
"""
