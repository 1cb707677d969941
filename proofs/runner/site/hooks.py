"""What MkDocs calls. Everything is done by plain functions elsewhere, so that a move to another generator stays small.

Settings in mkdocs.yml under `extra`: `ledger` (path of the ledger). `RLPROOFS_LEDGER` in the environment goes first.
`site_inputs` names a JSON file with "current" and "extras" in place of the catalogue; it is for tests, and a ledger
marked as a fixture is refused without it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from proofs.runner.site.api import reference
from proofs.runner.site.data import StaleLedger, load_ledger, site_data
from proofs.runner.site.formulas import BadFormula, Formulas
from proofs.runner.site.homework import FOLDER, fill_sheet, homework_data
from proofs.runner.site.pages import build_pages, fill, navigation
from proofs.runner.site.urls import anchored

ROOT = Path(__file__).resolve().parents[3]


def read_inputs(config: Any, ledger: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the catalogue says now: (current, extras), or a test's file in place of it."""
    named = config.extra.get("site_inputs")
    if named:
        given = json.loads(Path(named).read_text("utf8"))
        return given["current"], given["extras"]
    if ledger.get("fixture"):
        raise StaleLedger("the ledger is a test's fixture; the site shows only what `rlproofs verify` recorded")
    from proofs.runner.site.inputs import gather

    return gather(ROOT, ledger)


def on_config(config: Any) -> Any:
    """Compute the data object, once; refuse a ledger of other inputs."""
    base = Path(config.config_file_path).parent
    path = base / os.environ.get("RLPROOFS_LEDGER", config.extra.get("ledger", ".rlproofs/ledger.json"))
    try:
        ledger = load_ledger(path)
        data = site_data(ledger, *read_inputs(config, ledger)) | {"api": reference(ROOT)}
    except ValueError as error:  # StaleLedger is one
        raise PluginError(str(error)) from error
    data["homework"] = homework_data(data, Path(config.docs_dir) / FOLDER)
    work = path.parent / "site"
    config.extra["rlproofs"] = data
    config.extra["generated"] = str(work / "pages")
    config.extra["formulas"] = Formulas(Path(config.docs_dir) / "assets/katex/katex.min.js", work / "formulas.json")
    if config.nav is not None:
        config.nav = navigation(config.nav, data)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Write the generated pages and figures and hand them to MkDocs."""
    folder = Path(config.extra["generated"])
    for path in build_pages(config.extra["rlproofs"], folder):
        uri = path.relative_to(folder).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Fill the placeholders of hand-written pages."""
    try:
        data, uri = config.extra["rlproofs"], page.file.src_uri
        return fill(fill_sheet(markdown, data, uri), data, uri)
    except ValueError as error:
        raise PluginError(f"{page.file.src_uri}: {error}") from error


def on_page_content(content: str, page: Any, config: Any, files: Any) -> str:
    """Keep displayed formulas out of the search index; this runs before the index is made."""
    return content.replace('<div class="arithmatex">', '<div class="arithmatex" data-search-exclude>')


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Render the formulas, each with its anchor; this runs after the search index is made."""
    try:
        return config.extra["formulas"].render_page(anchored(output), page.file.src_uri)
    except BadFormula as error:
        raise PluginError(str(error)) from error


def on_post_build(config: Any) -> None:
    """Keep the rendered formulas for the next build."""
    config.extra["formulas"].save()
