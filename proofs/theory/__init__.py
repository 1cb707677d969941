"""Definitions and lemmas that topics share; each lemma is a claim."""
