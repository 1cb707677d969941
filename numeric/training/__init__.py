"""Training runs: `rlproofs train ALGORITHM ENVIRONMENT`, its folders, and the curves that are recorded from them.

environments    what there is to learn, by name, and what counts as success
evaluate        100 episodes of a policy as it is evaluated; Gymnasium's own environment where there is one
folder          a run on disk: settings, figures, checkpoint, provenance; written so that a kill at any moment loses little
run             the loop: iterate, evaluate, save; going on from a checkpoint is the same bit for bit on CPU
record          several runs into one small file that is committed and drawn
"""
