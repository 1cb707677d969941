"""`python -m numeric.bench`."""

import typer

from numeric.bench.command import main

typer.run(main)
