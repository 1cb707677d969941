"""Commands that other packages add to `rlproofs`: entry points of the group `rlproofs.commands`.

An entry point names a function as typer takes it: its name is the command's, its signature the arguments and options, its
docstring the help.  So the command line knows `train` without importing what trains.  The module is imported when the command, or
the list of all commands, is asked for; it must import nothing slow itself.

    [project.entry-points."rlproofs.commands"]
    train = "numeric.training.command:train"
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

GROUP = "rlproofs.commands"


class Commands(TyperGroup):
    """The commands of an application, then the added ones in the order of their names; a command of its own is never replaced."""

    def list_commands(self, ctx: Any) -> list[str]:
        self._add(added())
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            known = added()
            self._add(
                {cmd_name: known[cmd_name]} if cmd_name in known else known
            )  # all, so that a typing error finds its neighbour
        return super().get_command(ctx, cmd_name)

    def _add(self, found: dict[str, EntryPoint]) -> None:
        for name, entry in found.items():
            if name not in self.commands:
                self.add_command(made(name, loaded(entry)), name)


def added() -> dict[str, EntryPoint]:
    """The entry points by the command's name; one that is installed twice counts once."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value))}


def loaded(entry: EntryPoint) -> Callable[..., Any]:
    """The function that an entry point names; where it does not load, one that says so and ends with exit code 2."""
    from proofs.runner.discovery import Broken, load

    try:
        return load(entry)  # type: ignore[no-any-return]
    except (Broken, ModuleNotFoundError) as error:
        why = str(error)

    def unavailable() -> None:
        typer.echo(f"rlproofs: {why}", err=True)
        raise typer.Exit(2)

    unavailable.__doc__ = f"(not available: {why})"
    return unavailable


def made(name: str, function: Callable[..., Any]) -> Any:
    """A command of typer's; one that does not load takes whatever is typed, so that its line is read."""
    open_ended = (
        {"allow_extra_args": True, "ignore_unknown_options": True} if function.__name__ == "unavailable" else {}
    )
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name, context_settings=open_ended)(function)
    return typer.main.get_command(alone)
