"""Prints the homework pages of a built site as PDFs on A4, with the browser that runs the tests.

python -m proofs.runner.site.solutions site build/solutions
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from proofs.runner.site.homework import FOLDER

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--headless",
    "--no-sandbox",  # needed where the browser runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--no-pdf-header-footer",
    "--virtual-time-budget=10000",  # milliseconds of the page's own clock, for its fonts
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
SECONDS = 120


class NotPrinted(RuntimeError):
    """There is no browser, no page, or the browser made no PDF."""


def browser() -> str:
    """Path of the browser. Raises NotPrinted with what to install where there is none."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        raise NotPrinted("no browser to print with: apt-get install chromium")
    return found


def pages(site: Path) -> list[Path]:
    """The homework pages of a built site. Raises NotPrinted if it has none."""
    found = sorted(path for path in (site / FOLDER).glob("*.html") if path.stem != "index")
    if not found:
        raise NotPrinted(f"there is no homework page in {site}; run `make site` first")
    return found


def print_page(page: Path, pdf: Path) -> Path:
    """Print one built page; returns the PDF's path. Raises NotPrinted with what the browser said if there is none."""
    pdf.parent.mkdir(parents=True, exist_ok=True)
    pdf.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        target = (f"--user-data-dir={profile}", f"--print-to-pdf={pdf.resolve()}", page.resolve().as_uri())
        done = subprocess.run([browser(), *SWITCHES, *target], capture_output=True, text=True, timeout=SECONDS)
    if not pdf.is_file():
        raise NotPrinted(f"{page.name} was not printed: {done.stderr.strip()[-500:]}")
    return pdf


def main(site: str, out: str) -> int:
    """Print every homework page of `site` into the folder `out`; returns the exit code."""
    try:
        for page in pages(Path(site)):
            print(print_page(page, Path(out) / f"{page.stem}.pdf"))
    except NotPrinted as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
