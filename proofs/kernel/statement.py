"""Statements: declarations (sorts), named hypotheses and a claim; sort checking; plain data and back; the hash.

Declarations are lists:
    ["Size", n, at_least]     an integer n >= at_least >= 1
    ["Int", k]   ["Real", x]  ["Fn", f, arity]     f takes integers, random ones too, and is real
    ["Kernel", K, [sizes of its arguments], size]  K(x..., y) >= 0 and sum_y K(x..., y) = 1 for arguments in range
    ["Process", X, last, [[draw, size, first kernel, its parents, later kernel, its parents], ...]]
        time slots 0..last, the draws of a slot in order; a parent is [draw, 0] (same slot, earlier), [draw, -1] (the
        slot before) or ["@", c], the slot's time plus c
    ["Def", d, [sorts], body] d(x...) abbreviates the body, in which the last parameter is Bound(0)
"""

from __future__ import annotations

import hashlib
from typing import Any

from proofs.kernel.terms import KINDS, TRUE, Term, applied, free_paths, mk, num, read, subterms, want

Raw = list[Any]
PARTS = {"i": "Int", "x": "Int", "p": "Prop"}  # sorts of arguments by the letter of the signature


class Draw:
    """One draw of a slot: its size, and its kernel and parents in the first slot and in later ones."""

    def __init__(self, name: Any, size: Any, first: Any, first_parents: Any, later: Any, later_parents: Any) -> None:
        self.name, self.size = name, size
        self.first, self.later = (first, _parents(first_parents)), (later, _parents(later_parents))


def _parents(pairs: Any) -> tuple[tuple[str, int], ...]:
    want(type(pairs) is list and all(type(p) is list and len(p) == 2 for p in pairs), "parents are pairs")
    return tuple((p, c) for p, c in pairs)


class Process:
    """Draws in slots 0..last, in a fixed order."""

    def __init__(self, name: str, last: Term, draws: Any) -> None:
        fits = type(draws) is list and draws and all(type(d) is list and len(d) == 6 for d in draws)
        want(fits, "a process has draws")
        self.name, self.last, self.draws = name, last, [Draw(*d) for d in draws]

    def position(self, name: str) -> int:
        return next((n for n, d in enumerate(self.draws) if d.name == name), -1)

    def parents(self, rule: tuple[str, tuple[tuple[str, int], ...]], path: Term, time: Term) -> list[Term]:
        """The values on which a draw's kernel depends."""
        at = [(p, time + num(c) if c else time) for p, c in rule[1]]
        return [t if p == "@" else mk("Draw", self.name, path, p, t) for p, t in at]


class Decls:
    """Sorts of names, and the facts that sorts assert."""

    def __init__(self, decls: list[Raw]) -> None:
        self.sorts: dict[str, str] = {}
        self.least_size: dict[str, int] = {}
        self.arity: dict[str, int] = {}
        self.kernels: dict[str, tuple[tuple[Term, ...], Term]] = {}
        self.processes: dict[str, Process] = {}
        self.defs: dict[str, tuple[tuple[str, ...], Term]] = {}
        self.facts: list[Term] = []
        for d in decls:
            want(_name(d[1]), f"a declared name is a word that begins with a letter: {str(d[1])[:40]}")
            want(d[1] not in self.names(), f"declared twice: {d[1]}")
            getattr(self, "_declare_" + d[0].lower())(*d[1:])
        shapes = [s for sizes, size in self.kernels.values() for s in (*sizes, size)]
        shapes += [p.last for p in self.processes.values()]
        self.sizes = {v for s in shapes for v in subterms(s) if v.op == "Sym"}  # what kernels and processes stand on
        self.fixed = self.sizes | {v for f in self.facts for v in subterms(f) if v.op == "Sym"}
        self.fixed |= {v for _, body in self.defs.values() for v in subterms(body) if v.op == "Sym"}

    def names(self) -> set[str]:
        return {*self.sorts, *self.arity, *self.processes, *self.defs}

    def _declare_size(self, name: str, at_least: Any) -> None:
        want(type(at_least) is int and 1 <= at_least <= 10**6, f"a size is at least a natural number; got {at_least!r}")
        self.sorts[name], self.least_size[name] = "Int", at_least
        self.facts.append(mk("Le", num(at_least), mk("Sym", name, "Int")))

    # fmt: off
    def _declare_int(self, name: str) -> None: self.sorts[name] = "Int"
    def _declare_real(self, name: str) -> None: self.sorts[name] = "Real"
    # fmt: on

    def _declare_fn(self, name: str, arity: Any) -> None:
        want(type(arity) is int and 1 <= arity <= 20, "a function takes between 1 and 20 arguments")
        self.arity[name] = arity

    def least(self, t: Any) -> int:
        """A lower bound of a size, read off its form."""
        want(isinstance(t, Term), "a size is a term")
        self.check(t, "Int")
        if t.op == "Num":
            return int(t.args[0])
        if t.op == "Sym" and t.args[0] in self.least_size:
            return self.least_size[t.args[0]]
        want(t.op == "Add", "a size is a declared size, a number, or a sum of these: {}", t)
        return self.least(t.args[0]) + self.least(t.args[1])

    def _declare_kernel(self, name: str, sizes: Any, size: Any) -> None:
        want(type(sizes) is list and len(sizes) <= 19, "the sizes of a kernel's arguments are a list")
        want(all(self.least(s) >= 0 for s in sizes) and self.least(size) >= 1, f"{name} needs at least one outcome")
        k = len(sizes)
        self.arity[name], self.kernels[name] = k + 1, (tuple(sizes), size)
        given = [mk("Bound", k - n) for n in range(k)]  # under one binder more: the outcome's
        at = mk("App", name, *given, mk("Bound", 0))
        mass: Term = mk("Eq", mk("Sum", num(0), size, TRUE, at), num(1))
        sign: Term = mk("All", num(0), size, mk("Le", num(0), at))
        for s in reversed(sizes):
            mass, sign = mk("All", num(0), s, mass), mk("All", num(0), s, sign)
        self.facts += [mass, sign]

    def _declare_process(self, name: str, last: Any, draws: Any) -> None:
        want(self.least(last) >= 0, "a process has at least slot 0")
        proc = Process(name, last, draws)
        for n, d in enumerate(proc.draws):
            want(_name(d.name) and proc.position(d.name) == n, "the draws of a slot have names of their own")
            for (kernel, parents), first in ((d.first, True), (d.later, False)):
                want(type(kernel) is str and kernel in self.kernels, f"not a kernel: {str(kernel)[:40]}")
                sizes, size = self.kernels[kernel]
                want(size is d.size and len(sizes) == len(parents), f"{kernel} does not fit the draw {d.name}")
                for s, (p, c) in zip(sizes, parents, strict=True):
                    self._parent(proc, n, s, p, c, first)
        self.processes[name] = proc

    def _parent(self, proc: Process, n: int, size: Term, p: Any, c: Any, first: bool) -> None:
        """A parent is drawn before, and the kernel is a pmf at every value that it can take."""
        want(type(c) is int and c in (0, -1) and not (first and c), "a parent lies in this slot or in the one before")
        if p == "@":
            want(size is (proc.last + 1 if c == 0 else proc.last), "the kernel must cover every time of the process")
            return
        at = proc.position(p) if type(p) is str else -1
        want(at >= 0 and (c == -1 or at < n), f"{str(p)[:40]} is not drawn before")
        want(size is proc.draws[at].size, "the kernel must cover every value of its parent")

    def _declare_def(self, name: str, sorts: Any, body: Any) -> None:
        want(type(sorts) is list and len(sorts) <= 10 and isinstance(body, Term), "a definition has sorts and a body")
        fits = all(type(s) is str and (s in ("Int", "Real") or self._path(s)) for s in sorts)
        want(fits, f"bad sorts: {sorts!r:.80}")
        self.check(body, "Real", tuple(reversed(sorts)))
        self.defs[name] = (tuple(sorts), body)

    def _path(self, sort: str) -> bool:
        return sort.startswith("Path ") and sort[5:] in self.processes

    def unfold(self, t: Term) -> Term:
        """A defined term as its body at its arguments."""
        return applied(self.defs[t.args[0]][1], t.args[1:])

    # --------------------------------------------------------------------------------- sorts of terms
    def check(self, t: Term, sort: str, env: tuple[str, ...] = (), *, proof: bool = False) -> None:
        """t has this sort and every name in it is declared.  In a proof, free paths and names with _ may occur."""
        kind = KINDS[t.op]
        if kind.sort in ("Number", "Symbol", "Path", "Bound"):
            want(self._leaf(t, sort, env, proof), _a(sort) + " is expected here, or the name is not declared so: {}", t)
            return
        here = {"Index": ("Int", "Real"), "Arith": ("Int", "Real"), "Real": ("Real",), "Prop": ("Prop",)}[kind.sort]
        want(sort in here, _a(sort) + " is expected: {}", t)
        if t.op in ("App", "Def"):
            parts = self._applied(t)
        else:
            if t.op in ("Draw", "E", "CondE", "Var", "Surely"):
                want(t.args[0] in self.processes, f"not a process: {t.args[0]}")
            want(t.op != "Draw" or self.processes[t.args[0]].position(t.args[2]) >= 0, "not a draw: {}", t)
            want(t.op != "CondE" or t.args[3] <= len(self.processes[t.args[0]].draws), "a level lies within a slot")
            own = {"r": sort if kind.sort == "Arith" else "Real", "w": f"Path {t.args[0]}" if t.args else ""}
            parts = [{**PARTS, **own}.get(letter, "") for letter in kind.args]
        inner = (f"Path {t.args[0]}" if kind.bound == "Path" else kind.bound, *env)
        for n, (a, s) in enumerate(zip(t.args, parts, strict=True)):
            if isinstance(a, Term):
                self.check(a, s, inner if n in kind.binds else env, proof=proof)

    def _applied(self, t: Term) -> list[str]:
        name, count = t.args[0], len(t.args) - 1
        if t.op == "App":
            want(self.arity.get(name) == count, f"not a function of {count} arguments: {name}")
            return ["", *["Int"] * count]
        want(name in self.defs and len(self.defs[name][0]) == count, f"not a definition with {count} arguments: {name}")
        sorts = self.defs[name][0]
        random = any(a.random for a, s in zip(t.args[1:], sorts, strict=True) if s == "Int")
        want(not random, f"a random argument of {name}")
        return ["", *sorts]

    def _leaf(self, t: Term, sort: str, env: tuple[str, ...], proof: bool) -> bool:
        if t.op == "Num":
            return sort == "Real" or (sort == "Int" and t.args[0].denominator == 1)
        if t.op == "Bound":
            return t.args[0] < len(env) and (env[t.args[0]] == sort or (env[t.args[0]], sort) == ("Int", "Real"))
        name, own = t.args[-1] if t.op == "Path" else t.args[0], ("_", "#")
        if t.op == "Path":
            return proof and sort == f"Path {t.args[0]}" and t.args[0] in self.processes
        declared = self.sorts.get(name) == t.args[1] or (proof and name[0] in own and t.args[1] in ("Int", "Real"))
        return declared and (t.args[1] == sort or (t.args[1], sort) == ("Int", "Real"))


def _a(sort: str) -> str:
    return {"Int": "an index", "Real": "a real", "Prop": "a proposition"}.get(sort, f"a {sort}")


class Statement:
    """decls: the lists above; hyps: [(name, proposition)]; claim: a proposition."""

    def __init__(self, decls: list[Raw], hyps: list[tuple[str, Term]], claim: Term) -> None:
        self.raw, self.hyps, self.claim = decls, [(n, h) for n, h in hyps], claim
        self.decls = Decls(decls)
        want(len({n for n, _ in self.hyps}) == len(self.hyps), "two hypotheses have one name")
        want(len({h for _, h in self.hyps}) == len(self.hyps), "two hypotheses are the same")
        for _, h in self.hyps:
            self.decls.check(h, "Prop")
        self.decls.check(claim, "Prop")
        want(not any(free_paths(p) for p in [claim, *[h for _, h in self.hyps]]), "a path outside an expectation")

    def canonical(self) -> bytes:
        """No bound names, no layout: equal for statements that say the same in the same words."""
        lines = [*map(_key, self.raw), *[f"{n}: {h.key}" for n, h in self.hyps], self.claim.key]
        return "\n".join(lines).encode()

    def hash(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()


def _key(x: Any) -> str:
    if isinstance(x, Term):
        return x.key
    return f"[{' '.join(map(_key, x))}]" if isinstance(x, (list, tuple)) else repr(x)


LENGTHS = {"Size": 3, "Int": 2, "Real": 2, "Fn": 3, "Kernel": 4, "Process": 4, "Def": 4}


def load(data: Any) -> Statement:
    """A statement from plain data.  Raises Malformed."""
    want(type(data) is dict and set(data) == {"decls", "hyps", "claim", "nodes"}, "not a statement")
    nodes = read(data["nodes"])

    def node(n: Any) -> Term:
        want(type(n) is int and 0 <= n < len(nodes), f"no such node: {str(n)[:40]}")
        return nodes[int(n)]

    def get(x: Any, depth: int = 0) -> Any:
        want(depth < 8, "a declaration is nested too deeply")
        if type(x) is dict:
            want(set(x) == {"t"}, "not a term")
            found: Term = node(x["t"])
            return found
        want(type(x) in (list, int, str), f"not a declaration: {str(x)[:40]}")
        return [get(y, depth + 1) for y in x] if type(x) is list else x

    decls, hyps = get(data["decls"]), data["hyps"]
    fits = type(decls) is list and len(decls) <= 200 and all(_is_declaration(d) for d in decls)
    want(fits, "not a list of declarations")
    want(type(hyps) is list and len(hyps) <= 200, "not a list of hypotheses")
    fits = all(type(h) is list and len(h) == 2 and _label(h[0]) for h in hyps)
    want(fits, "a hypothesis is a name and a proposition")
    return Statement(decls, [(n, node(h)) for n, h in hyps], node(data["claim"]))


def _is_declaration(d: Any) -> bool:
    return type(d) is list and len(d) > 1 and type(d[0]) is str and LENGTHS.get(d[0]) == len(d)


def _name(x: Any) -> bool:
    return type(x) is str and len(x) <= 60 and x.isascii() and x[:1].isalpha() and x.replace("_", "a").isalnum()


def _label(x: Any) -> bool:
    return type(x) is str and _name(x.replace("-", "_"))
