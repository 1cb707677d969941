"""The site: one data object computed from ledger and catalogue, and templates that only print it.

data.py      the object; refuses a ledger of other inputs
trusted.py   size of the trusted base and the rules, read from the kernel's source
figures.py   the pictures (the only file that imports matplotlib)
pages.py     writes the generated pages and fills the placeholders of hand-written ones
homework.py  gathers the claims of a problem into a solution
solutions.py prints the homework pages as PDFs
formulas.py  TeX to HTML at build time
hooks.py     what MkDocs calls; holds no logic
"""
