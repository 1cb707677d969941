"""`pytest --claim hw23c` verifies exactly one claim; `pytest proofs` collects one test a claim.

Nothing is imported, collected or changed in any other run of pytest.  The claims that a session collected are verified together,
when the first of their tests runs, as `rlproofs verify` does it: with recorded results and the ledger of the working directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOPIC = re.compile(r"^TOPIC\b.*= Topic\(", re.MULTILINE)
HERE = Path(__file__).resolve().parents[1]
RECORDS = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("rlproofs").addoption(
        "--claim", action="append", default=[], metavar="ID", help="verify this claim and nothing else (repeatable)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """With --claim, the only thing that is collected is the topic of the claim."""
    if config.getoption("claim"):
        config.args = list(dict.fromkeys(_topics(config)))


def _topics(config: pytest.Config) -> Iterator[str]:
    from proofs.runner.discovery import Broken, NotFound, catalogue, topic_file

    try:
        found = catalogue()
        for name in config.getoption("claim"):
            yield str(topic_file(found.modules[found.claim(name).topic.id]))
    except (Broken, NotFound) as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The topics of the catalogue, and no other file."""
    if file_path.suffix != ".py" or file_path.resolve().parent not in (HERE, HERE / "theory"):
        return None
    if not TOPIC.search(file_path.read_text("utf8")):
        return None
    topic: TopicFile = TopicFile.from_parent(parent, path=file_path)
    return topic


class TopicFile(pytest.File):
    """One topic: a test for each of its claims."""

    def collect(self) -> Iterator[pytest.Item]:
        from proofs.runner.discovery import catalogue

        found = catalogue()
        wanted = {found.claim(name).id for name in self.config.getoption("claim")}
        module = next(m for m in found.modules.values() if m.replace(".", "/") == self._module())
        for claim in found.topics[next(t for t, m in found.modules.items() if m == module)].claims:
            if not wanted or claim.id in wanted:
                yield ClaimItem.from_parent(self, name=claim.id)

    def _module(self) -> str:
        return f"proofs/{self.path.resolve().relative_to(HERE).with_suffix('')}"


class NotAsExpected(Exception):
    """A claim's problems, a sentence each."""


class ClaimItem(pytest.Item):
    """One claim, as expected or not."""

    def runtest(self) -> None:
        record = self._records()[self.name]
        if record["gap"] and record["ok"]:
            pytest.skip(f"a listed gap: {record['gap']['missing']}")
        if not record["ok"]:
            raise NotAsExpected("\n".join(record["problems"]))

    def _records(self) -> dict[str, Any]:
        """The records of all claims that this session collected, verified once."""
        if RECORDS not in self.session.stash:
            from proofs.runner.run import Request, verify

            names = [item.name for item in self.session.items if isinstance(item, ClaimItem)]
            self.session.stash[RECORDS] = verify(Request(names), Silent()).records
        return self.session.stash[RECORDS]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from proofs.runner.ledger import Trouble

        if isinstance(excinfo.value, (NotAsExpected, Trouble)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class Silent:
    """pytest prints what there is to print."""

    def begin(self, claims: int, cached: int, jobs: int) -> None: ...
    def job(self, claim: str, channel: str, result: Any) -> None: ...
    def claim(self, record: Any) -> None: ...
