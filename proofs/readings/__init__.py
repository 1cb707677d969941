"""What is read off a statement's tree: LaTeX, plain text, a SymPy script, exact values, canonical bytes."""
