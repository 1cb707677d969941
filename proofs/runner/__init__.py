"""The runner: finds claims and their evidence, runs every channel, keeps the ledger, answers on the command line."""
