"""The reference pages: signatures and docstrings of the public names, read from the source and never imported.

Not mkdocstrings with griffe, though both work offline: the docstrings here are plain text with formulas in ASCII, which
Markdown would take for emphasis; neither fails on a public name without a docstring; and ids of claims become links.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from proofs.runner.site.trusted import module_path

Data = dict[str, Any]
Defined = ast.FunctionDef | ast.ClassDef

PACKAGES = {"primitives": "numeric.primitives"}  # of these, the modules that the docstring names
STATISTICS = (
    "check",
    "plan",
    "question",
    "methods",
    "bounds",
    "budget",
    "estimate",
    "verdicts",
)  # serve without a claim
COMMANDS = "proofs.runner.cli"
MODULES = {"claims": "proofs.claims", "language": "proofs.language"}
LONG = 88  # characters of a signature that stands on one line
OWN_LINE = re.compile(r"(?=[A-Za-z_][\w ,/*]{0,60}: )|(?=(?:Returns|Raises|Slopes|Source)\b)")


class Undocumented(ValueError):
    """A public name, or an option of the command line, that says nothing of itself."""


def reference(root: Path) -> dict[str, Data]:
    """page -> its modules with their public names, or its commands.  Raises Undocumented, naming all that is missing."""
    pages: dict[str, Data] = {page: {"modules": members(root, name)} for page, name in PACKAGES.items()}
    pages["montecarlo"] = {"modules": [module(root, f"numeric.montecarlo.{name}") for name in STATISTICS]}
    pages |= {page: {"modules": [module(root, name)]} for page, name in MODULES.items()}
    missing = [name for page in pages.values() for one in page["modules"] for name in one.pop("missing")]
    if missing:
        raise Undocumented(f"a public name must have a docstring; these have none: {', '.join(missing)}")
    return pages | {"command": {"commands": [*commands(module_path(root, COMMANDS)), *added(root)]}}


def members(root: Path, package: str) -> list[Data]:
    """The modules of a package that its own docstring names between backticks, in that order."""
    home = module_path(root, package)
    doc = ast.get_docstring(ast.parse(home.read_text("utf8"))) or ""
    names = dict.fromkeys(word for word in re.findall(r"`(\w+)`", doc) if (home.parent / f"{word}.py").is_file())
    if not names:
        raise Undocumented(f"the docstring of {package} must name its public modules between backticks; it names none")
    return [module(root, f"{package}.{name}") for name in names]


def module(root: Path, name: str) -> Data:
    """A module's docstring and public functions and classes; `missing` lists what has no docstring."""
    path = module_path(root, name)
    tree = ast.parse(path.read_text("utf8"))
    public = [node for node in tree.body if isinstance(node, Defined) and not node.name.startswith("_")]
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    doc = ast.get_docstring(tree)
    missing = [] if doc else [name]
    items = []
    for node in public:
        inner = [item(one) for one in methods(node)]
        missing += [f"{name}.{node.name}"] if not ast.get_docstring(node) else []
        missing += [f"{name}.{node.name}.{m.name}" for m in methods(node) if not told(m, node, classes)]
        items.append(item(node) | {"anchor": f"{name}.{node.name}", "methods": [one for one in inner if one["doc"]]})
    place = path.relative_to(root).as_posix()
    return {"name": name, "path": place, "doc": paragraphs(doc or ""), "items": items, "missing": missing}


def methods(node: ast.AST) -> list[ast.FunctionDef]:
    """The public methods of a class; none of a function."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return [one for one in body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]


def told(method: ast.FunctionDef, owner: Defined, classes: dict[str, ast.ClassDef]) -> bool:
    """Whether a method has a docstring, or is one that a base class or a protocol of the same module tells."""
    if ast.get_docstring(method):
        return True
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    above = [classes[base.id] for base in bases if isinstance(base, ast.Name) and base.id in classes]
    above += [one for one in classes.values() if one is not owner and "Protocol" in map(ast.unparse, one.bases)]
    return any(ast.get_docstring(one) for base in above for one in methods(base) if one.name == method.name) or any(
        told(method, base, classes) for base in above if base.bases and "Protocol" not in map(ast.unparse, base.bases)
    )


def item(node: Defined) -> Data:
    """Name, kind, signature and docstring of one function, class or method."""
    kind = "class" if isinstance(node, ast.ClassDef) else "def"
    return {
        "name": node.name,
        "kind": kind,
        "signature": signature(node),
        "doc": paragraphs(ast.get_docstring(node) or ""),
    }


def signature(node: Defined) -> str:
    """As it stands in the source, without a method's `self`; a long one has an argument a line."""
    if isinstance(node, ast.ClassDef):
        return bracketed(f"class {node.name}", fields(node), "")
    args = node.args
    shown = [part for part in split_arguments(args) if part not in ("self", "cls")]
    is_property = any(isinstance(d, ast.Name) and d.id in ("property", "cached_property") for d in node.decorator_list)
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}{result.replace(' ->', ':')}" if is_property else bracketed(node.name, shown, result)


def bracketed(head: str, parts: list[str], tail: str) -> str:
    """`head(parts)tail`, on one line if it fits."""
    line = f"{head}({', '.join(parts)}){tail}" if parts or not head.startswith("class") else head
    return line if len(line) <= LONG else f"{head}(\n    " + ",\n    ".join(parts) + f",\n){tail}"


def fields(node: ast.ClassDef) -> list[str]:
    """What a class is made with: the arguments of `__init__`, or the fields of a dataclass."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return [part for part in split_arguments(one.args) if part != "self"]
    data = any("dataclass" in ast.unparse(d) for d in node.decorator_list)
    return [ast.unparse(one) for one in node.body if isinstance(one, ast.AnnAssign)] if data else []


def split_arguments(args: ast.arguments) -> list[str]:
    """The arguments of a signature, each as text, with `/` and `*` where they stand."""
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    out = [argument(a, d) for a, d in zip(plain, defaults, strict=True)]
    if args.posonlyargs:
        out.insert(len(args.posonlyargs), "/")
    if args.vararg:
        out.append(f"*{argument(args.vararg, None)}")
    elif args.kwonlyargs:
        out.append("*")
    out += [argument(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return out + ([f"**{argument(args.kwarg, None)}"] if args.kwarg else [])


def argument(arg: ast.arg, default: ast.expr | None) -> str:
    """`name: type = default`."""
    text = arg.arg + (f": {ast.unparse(arg.annotation)}" if arg.annotation else "")
    equals = " = " if arg.annotation else "="
    return text + (f"{equals}{ast.unparse(default)}" if default is not None else "")


def paragraphs(doc: str) -> list[Data]:
    """A docstring's blocks: `code` for what is indented or a doctest, `list`, else `text` as lines that belong together."""
    blocks: list[Data] = []
    for block in re.split(r"\n\s*\n", doc.strip("\n")):
        lines = block.split("\n")
        if lines[0].startswith(">>>") or all(line.startswith("  ") for line in lines):
            blocks.append({"kind": "code", "text": textwrap.dedent(block)})
        elif lines[0].startswith("- "):
            points = re.split(r"\n(?=- )", block)
            blocks.append({"kind": "list", "lines": [" ".join(one[2:].split()) for one in points]})
        elif block.strip():
            blocks.append({"kind": "text", "lines": joined(lines)})
    return blocks


def joined(lines: list[str]) -> list[str]:
    """Wrapped lines put together; one that begins an argument, or with `Returns` or `Raises`, stays a line of its own."""
    out: list[str] = []
    for line in lines:
        if out and not (out[-1].endswith(".") and OWN_LINE.match(line)):
            out[-1] += " " + line.strip()
        else:
            out.append(line.strip())
    return out


def commands(path: Path) -> list[Data]:
    """The commands of `rlproofs` with their arguments and options, as they are declared to typer.  Raises Undocumented."""
    tree = ast.parse(path.read_text("utf8"))
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    choices = {node.name: constants(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    found = [
        command(node, call, named, choices)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "app.command"
    ]
    missing = [f"rlproofs {one['name']}" for one in found if not one["doc"]]
    missing += [f"rlproofs {one['name']} {p['names']}" for one in found for p in one["options"] if not p["help"]]
    if missing or not found:
        raise Undocumented(
            f"a command and an option must say what they do; these do not: {', '.join(missing) or 'all'}"
        )
    return found


def added(root: Path) -> list[Data]:
    """The commands that entry points add, read from the functions that they name; one without a source is left out."""
    points = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["entry-points"]["rlproofs.commands"]
    cli = ast.parse(module_path(root, COMMANDS).read_text("utf8"))
    choices = {node.name: constants(node) for node in cli.body if isinstance(node, ast.ClassDef)}
    found = []
    for name, value in points.items():
        module, _, function = value.partition(":")
        path = root / f"{module.replace('.', '/')}.py"
        for node in ast.parse(path.read_text("utf8")).body if path.is_file() else []:
            if isinstance(node, ast.FunctionDef) and node.name == function:
                found.append(command(node, ast.Call(ast.Name("command"), [ast.Constant(name)], []), {}, choices))
    return found


def constants(node: ast.ClassDef) -> list[str]:
    """The values of an enumeration."""
    values = [one.value for one in node.body if isinstance(one, ast.Assign)]
    return [str(one.value) for one in values if isinstance(one, ast.Constant)]


def command(node: ast.FunctionDef, call: ast.Call, named: dict[str, ast.expr], choices: dict[str, list[str]]) -> Data:
    """One command: how it is called, what it does, its arguments and options."""
    name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else node.name
    args = node.args.args
    defaults: list[ast.expr | None] = [None] * (len(args) - len(node.args.defaults)) + list(node.args.defaults)
    options = [option(a, d, named, choices) for a, d in zip(args, defaults, strict=True)]
    words = [one["names"] for one in options if not one["names"].startswith("-")]
    usage = ["rlproofs", str(name), *(["[OPTIONS]"] if len(words) < len(options) else []), *words]
    return {
        "name": name,
        "usage": " ".join(usage),
        "doc": paragraphs(ast.get_docstring(node) or ""),
        "options": options,
    }


def option(arg: ast.arg, default: ast.expr | None, named: dict[str, ast.expr], choices: dict[str, list[str]]) -> Data:
    """Names, choices, default and help of one `name: Annotated[type, typer.Option(...)] = default`."""
    kind, told_by = annotated(named.get(ast.unparse(arg.annotation), arg.annotation) if arg.annotation else None)
    said = (
        {key.arg: ast.literal_eval(key.value) for key in told_by.keywords if key.arg in ("help", "metavar")}
        if told_by
        else {}
    )
    given = [one.value for one in told_by.args if isinstance(one, ast.Constant)] if told_by else []
    if told_by and ast.unparse(told_by.func) == "typer.Argument":
        many = "list[" in ast.unparse(kind)
        text = said.get("metavar") or arg.arg.upper()
        names = f"[{text} ...]" if many else f"[{text}]" if default is not None else text
    else:
        plain = "--" + arg.arg.replace("_", "-")
        names = ", ".join(map(str, given)) or (f"{plain}, --no-{plain[2:]}" if ast.unparse(kind) == "bool" else plain)
    if names.startswith("-") and "metavar" in said:
        names += f" {said['metavar']}"
    values = next((choices[one.id] for one in ast.walk(kind) if isinstance(one, ast.Name) and choices.get(one.id)), [])
    literal = isinstance(default, ast.Constant | ast.Attribute)  # a name would say nothing to a reader
    shown = ast.unparse(default).rpartition(".")[2].strip("'") if default is not None and literal else ""
    return {
        "names": names,
        "choices": values,
        "default": "" if shown in ("None", "False") else shown,
        "help": said.get("help", ""),
    }


def annotated(node: ast.expr | None) -> tuple[ast.expr, ast.Call | None]:
    """(type, what is told to typer) of an annotation."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
        calls = [one for one in node.slice.elts if isinstance(one, ast.Call)]
        return node.slice.elts[0], calls[0] if calls else None
    return node or ast.Name("str"), None
