"""The site's pictures: SVG, a light and a dark one each, computed from formulas or from the ledger at build time.

FIGURES holds those of the topic pages; a claim with a statistical record gets one more, drawn from the record alone.
The same colour means the same thing everywhere (Okabe and Ito's palette, told apart by colour-blind readers too).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from proofs.runner.site import curves

THEMES = {
    "light": dict(
        ink="#222222", grid="#dddddd", one="#0072b2", two="#d55e00", three="#007a5a", four="#8f4a7d", band="#9ecae1"
    ),
    "dark": dict(
        ink="#e6e6e6", grid="#4a4d57", one="#56b4e9", two="#f0874a", three="#2fc79a", four="#d9a0c8", band="#2b5a78"
    ),
}
# What a colour stands for, on every page: `one` is what the project computes, recommends or estimates (PPO's clip, k3, the
# primitive, an estimate); `two` is what it is set against (no clip, k1, a wrong variant, a limit); `three` and `four` are
# further alternatives; `band` is where nothing moves or everything passes; `ink` is exact.
INKED = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color")
PLAIN = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
}
SIZE = (4.0, 3.4)  # inches; two panels fill the text's width on a laptop, one does on a phone
Theme = dict[str, str]
PLACES = re.compile(r' (?:d|x|y|points)="[^"]*"|translate\([^)]*\)')
LONG = re.compile(r"(\d\.\d\d)\d+")  # less than a hundredth of a point is not to be seen
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Panel:
    """One drawing: what a screen reader says of it, and what draws it."""

    description: str
    draw: Callable[[Figure, Theme], None]


@dataclass(frozen=True)
class Picture:
    """Panels side by side, on a phone one below the other; the caption says what to see."""

    title: str
    caption: str
    panels: tuple[Panel, ...]
    source: str = ""  # what its numbers come from


def write_figures(data: dict[str, Any], folder: Path) -> list[Path]:
    """Write every panel in both themes under `folder` as NAME-PANEL-THEME.svg; returns the files."""
    pictures = dict(FIGURES)
    for claim in data["claims"].values():
        if claim["record"]:
            pictures[claim["record"]] = record_picture(claim["channels"]["montecarlo"])
    return [
        save(picture.title, panel, theme, folder / f"{name}-{place}-{theme}.svg")
        for name, picture in pictures.items()
        for place, panel in enumerate(picture.panels, 1)
        for theme in THEMES
    ]


def save(title: str, panel: Panel, theme: str, path: Path) -> Path:
    """Draw one panel in one theme; the same input gives the same bytes."""
    colours = THEMES[theme]
    settings: Any = {**PLAIN, **dict.fromkeys(INKED, colours["ink"]), "svg.hashsalt": path.name}
    settings |= dict.fromkeys(("axes.edgecolor", "grid.color"), colours["grid"])
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        panel.draw(figure, colours)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(labelled(buffer.getvalue(), title, panel.description), "utf8")
    return path


def labelled(svg: str, title: str, description: str) -> str:
    """The SVG with title and description for screen readers, without doctype and comments."""
    body = svg[svg.index("<svg") :]
    head, rest = body.split(">", 1)
    clean = re.sub(r"<!--.*?-->\s*", "", rest, flags=re.S)
    clean = PLACES.sub(lambda place: LONG.sub(r"\1", place[0]), clean)
    names = f"<title id='t'>{escape(title)}</title><desc id='d'>{escape(description)}</desc>"
    return f"{head} role='img' aria-labelledby='t d'>{names}{clean}"


def escape(text: str) -> str:
    """Text for XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def draw_cliff(figure: Figure, theme: Theme, walk: dict[str, Any]) -> None:
    """Each cell with its value above its arrows; the cliff filled."""
    width, height = walk["width"], walk["height"]
    axes = figure.subplots()
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=range(width + 1), yticks=range(height + 1))
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    steps = {"up": (0, -0.19), "right": (0.32, 0), "down": (0, 0.19), "left": (-0.32, 0)}
    for number, cell in enumerate(walk["cells"]):
        x, y = number % width, number // width
        if cell["kind"] == "cliff":
            axes.fill((x, x + 1, x + 1, x), (y, y, y + 1, y + 1), color=theme["band"], alpha=0.6, linewidth=0)
        if cell["value"] is not None:
            shown = f"{cell['value']:.3g}" if cell["value"] == round(cell["value"]) else f"{cell['value']:.1f}"
            axes.text(x + 0.5, y + 0.27, shown, ha="center", va="center", fontsize=6.5)
        for move in cell["moves"]:
            (dx, dy), at = steps[move], (x + 0.5, y + 0.66)
            axes.annotate(
                "",
                (at[0] + dx, at[1] + dy),
                at,
                arrowprops={"arrowstyle": "->", "color": theme["one"], "linewidth": 1.1},
            )
    for word, x in (("start", 0.5), ("goal", width - 0.5)):
        axes.text(x, height + 0.12, word, ha="center", va="top", fontsize=8, color=theme["two"])


def mark(axes: Axes, x: float, colour: str) -> None:
    """A thin vertical line that bounds a zone."""
    axes.axvline(x, color=colour, linewidth=0.8, linestyle=":")


def draw_clip(figure: Figure, theme: Theme, advantage: int) -> None:
    """Objective above, its slope below."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    low, high = 1 - curves.EPSILON, 1 + curves.EPSILON
    ratios, values = curves.clip_objective(advantage)
    top.plot(ratios, [r * advantage for r in ratios], "--", color=theme["two"], label="without clip")
    top.plot(ratios, values, color=theme["one"], linewidth=2.2, label="PPO clip")
    top.set(title=f"advantage {advantage:+d}".replace("-", "−"), ylabel="objective", ylim=(-2.2, 2.2))
    top.legend(loc="lower right" if advantage > 0 else "upper right")
    for left, right, slope in curves.clip_slopes(advantage):
        bottom.plot((left, right), (slope, slope), color=theme["one"], linewidth=2.2)
        for panel in (top, bottom) if slope == 0 else ():
            panel.axvspan(left, right, color=theme["band"], alpha=0.4, linewidth=0)
    bottom.set(xlabel="ratio of new to old probability", ylabel="slope", ylim=(-1.3, 1.3))
    bottom.set_xticks([0, low, 1, high, 2], ["0", f"{low:g}", "1", f"{high:g}", "2"])
    for panel in (top, bottom):
        mark(panel, low, theme["ink"])
        mark(panel, high, theme["ink"])


def draw_gae(figure: Figure, theme: Theme, errors: bool) -> None:
    """Weights of the k-step advantages, or of the TD errors, for four values of lambda."""
    axes = figure.subplots()
    for lam, (colour, style) in zip(curves.LAMBDAS, LAMBDA_STYLE, strict=True):
        steps, on_k, on_delta = curves.gae_weights(lam)
        x = steps if errors else [s + 1 for s in steps]
        axes.plot(x, on_delta if errors else on_k, style, color=theme[colour], marker=".", label=f"λ = {lam:g}")
    axes.set_xlabel("l, steps from now" if errors else "k, steps before V takes over")
    axes.set_ylabel(f"weight of δ at t + l (γ = {curves.GAMMA:g})" if errors else "weight of the k-step advantage")
    axes.legend()


def draw_variance(figure: Figure, theme: Theme) -> None:
    """Variance of the k-step target over k on the two-state example, with its limit."""
    axes = figure.subplots()
    values, limit = curves.td_variances(8)
    axes.plot(range(1, len(values) + 1), [float(v) for v in values], color=theme["one"], marker="o")
    axes.axhline(float(limit), color=theme["two"], linestyle="--")
    text = f"k → ∞: {float(limit):.4f}"
    axes.annotate(text, (8, float(limit)), (0, -24), textcoords="offset points", ha="right", color=theme["two"])
    axes.set(xlabel="k", ylabel="Var TD(k), squared reward")


def draw_increments(figure: Figure, theme: Theme) -> None:
    """What one step more adds to the variance."""
    axes = figure.subplots()
    values, _ = curves.td_variances(8)
    gains = [float(b - a) for a, b in zip(values, values[1:], strict=False)]
    axes.bar(range(1, len(gains) + 1), gains, color=theme["one"])
    axes.set(xlabel="k", ylabel="Var TD(k+1) − Var TD(k)", yscale="log")


def draw_kl(figure: Figure, theme: Theme, curve: curves.Curve, x: str, y: str, **scales: str) -> None:
    """One curve for each of the three estimators."""
    axes = figure.subplots()
    grid, values = curve
    for name, colour, style in KL_STYLE:
        axes.plot(grid, values[name], style, color=theme[colour], linewidth=2, label=name)
    axes.set(xlabel=x, ylabel=y, **scales)
    axes.legend()


LAMBDA_STYLE = (("ink", ":"), ("three", "-."), ("one", "-"), ("two", "--"))
KL_STYLE = (("k1", "two", "--"), ("k2", "three", "-."), ("k3", "one", "-"))


def draw_kl_slopes(figure: Figure, theme: Theme, direction: str) -> None:
    """The slope of one divergence as a broad line, and the mean slopes of the estimators."""
    axes = figure.subplots()
    grid, values = curves.kl_slopes()
    axes.plot(grid, values[direction], color=theme["ink"], linewidth=6, alpha=0.3, label=f"slope of {direction}")
    for name, colour, style in KL_STYLE:
        axes.plot(grid, values[name], style, color=theme[colour], linewidth=2, label=f"{name}, mean slope")
    axes.set(xlabel="θ, with logits θ·(1, 0, −1)", ylabel="slope in θ, nats")
    axes.legend()


ACTIONS = (("one", "-"), ("two", "--"), ("three", "-."))
CORNERS = ((0.0, 0.0), (1.0, 0.0), (0.5, 3**0.5 / 2))


def on_plane(policy: list[float]) -> tuple[float, float]:
    """A distribution over three actions as a point of the triangle."""
    return tuple(sum(p * corner[k] for p, corner in zip(policy, CORNERS, strict=True)) for k in (0, 1))  # type: ignore[return-value]


def draw_simplex(figure: Figure, theme: Theme) -> None:
    """From one policy, the paths along the score of each action."""
    axes = figure.subplots()
    axes.fill(*zip(*CORNERS, strict=True), facecolor="none", edgecolor=theme["ink"], linewidth=1)
    for action, (path, (colour, style)) in enumerate(zip(curves.simplex_paths(), ACTIONS, strict=True), 1):
        x, y = zip(*map(on_plane, path), strict=True)
        axes.plot(x, y, style, color=theme[colour], linewidth=2, label=f"action {action} was sampled")
        corner = CORNERS[action - 1]
        axes.annotate(
            f"only action {action}", corner, (0, 7 if action == 3 else -14), textcoords="offset points", ha="center"
        )
    axes.plot(*on_plane([1 / 6, 1 / 3, 1 / 2]), "o", color=theme["ink"], markersize=6, label="policy (1/6, 1/3, 1/2)")
    axes.set(xlim=(-0.17, 1.17), ylim=(-0.12, 1.25), aspect="equal")
    axes.axis("off")
    axes.legend(loc="upper center", ncols=2)


def draw_above(figure: Figure, theme: Theme) -> None:
    """Probabilities over the size of a step along (1, 3, -4)."""
    axes = figure.subplots()
    steps, probabilities = curves.above_average()
    for action, (row, (colour, style)) in enumerate(zip(probabilities, ACTIONS, strict=True), 1):
        axes.plot(
            steps,
            row,
            style,
            color=theme[colour],
            linewidth=2,
            label=f"action {action}, g = {curves.ABOVE[action - 1]:g}".replace("-", "−"),
        )
    axes.axhline(1 / 3, color=theme["ink"], linewidth=0.8, linestyle=":")
    axes.set(xlabel="step size α", ylabel="probability", ylim=(0, 1))
    axes.legend()


FORM_STYLE = {
    "primitive": ("one", "-"),
    "softplus": ("three", "-."),
    "from action": ("four", ":"),
    "epsilon": ("two", "--"),
}
FLOOR = 1e-22  # an error of 0 is drawn here


def draw_tanh_error(figure: Figure, theme: Theme, name: str) -> None:
    """Errors of the four forms in one format; a curve ends where the form is not finite."""
    axes = figure.subplots()
    grid, values = curves.tanh_errors(name)
    for form, (colour, style) in FORM_STYLE.items():
        rows = [(u, max(e, FLOOR)) for u, e in zip(grid, values[form], strict=True) if e < float("inf")]
        axes.plot(*zip(*rows, strict=True), style, color=theme[colour], linewidth=2, label=form)
    axes.set(
        title=name, xlabel="u", ylabel="error of log(1 − tanh² u), nats", xscale="log", yscale="log", ylim=(1e-21, 1e2)
    )
    axes.legend(loc="lower right" if name == "bfloat16" else "upper left")


def draw_tanh_slope(figure: Figure, theme: Theme) -> None:
    """The push away from the edge, by autograd."""
    axes = figure.subplots()
    grid, values = curves.tanh_slopes()
    for form, (colour, style) in FORM_STYLE.items():
        axes.plot(grid, values[form], style, color=theme[colour], linewidth=2, label=form)
    axes.set(title="float32", xlabel="u", ylabel="slope of −log(1 − tanh² u)", ylim=(-0.1, 2.4))
    axes.legend(loc="lower left")


def record_picture(record: dict[str, Any]) -> Picture:
    """The picture of a statistical record: where claim and wrong variants put the mean, and the interval close up."""
    low, high = record["interval"]
    effects = ", ".join(f"{name} at {record['target'] + e:.4g}" for name, e in sorted(record["effects"].items()))
    close = (
        f"Close up: estimate {record['estimate']:.6g}, interval {low:.6g} to {high:.6g}; exact target "
        f"{record['target']:.6g} plus or minus {record['delta']:.3g}."
    )
    far = f"The claim at {record['target']:.4g}; wrong variants: {effects or 'none'}."
    panels = (
        Panel(far, lambda figure, theme: draw_effects(figure, theme, record)),
        Panel(close, lambda figure, theme: draw_close(figure, theme, record)),
    )
    return Picture("Statistical record", "", panels)


def record_axes(figure: Figure, theme: Theme, record: dict[str, Any]) -> Axes:
    """Axes with target, band, and the estimate as a dot on its confidence interval."""
    axes = figure.subplots()
    target, delta = record["target"], record["delta"]
    axes.axvspan(target - delta, target + delta, color=theme["band"], alpha=0.6, linewidth=0, label="target ± δ")
    axes.axvline(target, color=theme["ink"], linewidth=1, label="exact target")
    axes.plot(record["interval"], (0, 0), "-|", color=theme["one"], linewidth=2.5, markersize=12, markeredgewidth=2)
    axes.plot(record["estimate"], 0, "o", color=theme["one"], markersize=5, label="estimate, interval")
    axes.grid(axis="y", visible=False)
    axes.locator_params(axis="x", nbins=4)
    return axes


def draw_effects(figure: Figure, theme: Theme, record: dict[str, Any]) -> None:
    """The claim and its wrong variants on one axis."""
    axes = record_axes(figure, theme, record)
    rows = sorted(record["effects"].items(), key=lambda item: item[1])
    ends = [0.0, *(effect for _, effect in rows)]
    for place, (name, effect) in enumerate(rows, 1):
        where = record["target"] + effect
        axes.plot(where, place, "x", color=theme["two"], markersize=8, markeredgewidth=2)
        part = (effect - min(ends)) / ((max(ends) - min(ends)) or 1)
        side = "left" if part < 1 / 3 else "right" if part > 2 / 3 else "center"
        axes.annotate(name, (where, place), (0, 7), textcoords="offset points", ha=side, va="bottom", fontsize=9)
    axes.set(yticks=[], ylim=(-0.9, len(rows) + 0.9), xlabel="mean; crosses: wrong variants")
    axes.margins(x=0.12)


def draw_close(figure: Figure, theme: Theme, record: dict[str, Any]) -> None:
    """The neighbourhood of the target."""
    axes = record_axes(figure, theme, record)
    target = record["target"]
    reach = 1.15 * max(record["delta"], *(abs(x - target) for x in record["interval"]))
    axes.set(yticks=[], ylim=(-1, 1.4), xlim=(target - reach, target + reach), xlabel="mean, close up")
    axes.legend(loc="upper center", ncols=2)


DISTANCE = "how far q is from p (0: equal)"
SPREAD = "standard deviation of one estimate, nats"
FIGURES = {
    "clip-objective": Picture(
        "PPO's clipped objective and its slope",
        "Where is there no gradient? Only on one side for each sign: to the right of 1 + ε if the action was better "
        "than expected, to the left of 1 − ε if it was worse. On the other side the clip changes nothing (ε = 0.2).",
        (
            Panel(
                "Advantage +1: the objective follows the ratio up to 1.2 and is flat beyond; its slope drops from 1 to 0.",
                lambda figure, theme: draw_clip(figure, theme, 1),
            ),
            Panel(
                "Advantage -1: the objective is flat below 0.8 and falls beyond; its slope goes from 0 to -1.",
                lambda figure, theme: draw_clip(figure, theme, -1),
            ),
        ),
        source="numeric.primitives.ppo_clip.ppo_clip and its slope by autograd, float64",
    ),
    "gae-weights": Picture(
        "How GAE's weights move with lambda",
        "What does λ do? It spreads the weight over longer looks ahead (first picture). Seen from the TD errors, the "
        "same choice says how fast later errors are forgotten (second picture).",
        (
            Panel(
                "Weights of the k-step advantages: for lambda 0 all on k = 1, for lambda 0.97 spread over many k.",
                lambda figure, theme: draw_gae(figure, theme, errors=False),
            ),
            Panel(
                "Weights of the TD errors: they fall geometrically, slower for larger lambda.",
                lambda figure, theme: draw_gae(figure, theme, errors=True),
            ),
        ),
        source="the mixture's weights by definition; those of the TD errors as slopes of numeric.primitives.gae.gae, float64",
    ),
    "td-variance": Picture(
        "Variance of the k-step target",
        "What does each further step cost? A variance that never falls, by increments that shrink like γ²ᵏ (here "
        "γ = 1/2, so each is about a quarter of the one before). All values are exact, for the two-state example with "
        "the true value function.",
        (
            Panel("The variance rises with k, most of it at once, towards a dashed line, its limit.", draw_variance),
            Panel(
                "On a logarithmic axis the increments are positive and fall by about a factor of four a step.",
                draw_increments,
            ),
        ),
        source="exact fractions: first and second moments of the two-state example, by backward recursion",
    ),
    "kl-curves": Picture(
        "Three estimators of KL as functions of log r, and their bias",
        "Which can be negative, and which is biased? Only k1 takes negative values (first picture). Only k2 has a mean "
        "that is not the divergence, though the difference is small while p and q are close (second picture, where k1 "
        "and k3 lie on one line).",
        (
            Panel(
                "k1 is a falling line through 0, k2 a parabola; k3 is convex, touches 0 at 0 and is never negative.",
                lambda figure, theme: draw_kl(
                    figure, theme, curves.kl_curves(), "log r of the sample", "estimate, nats"
                ),
            ),
            Panel(
                "The means of k1 and k3 equal the divergence, that of k2 drifts away as q leaves p.",
                lambda figure, theme: draw_kl(figure, theme, curves.kl_bias(), DISTANCE, "mean of estimate − KL, nats"),
            ),
        ),
        source="numeric.primitives.kl.kl_k1, kl_k2, kl_k3; means by summing over the outcomes, float64",
    ),
    "kl-spread": Picture(
        "Spread of the three estimators",
        "Is k3 always the better estimate? Close to p it beats k1 by far (first picture). If q puts weight where p hardly "
        "ever samples, k3 is the worst of the three (second picture: p is (1 − x, x) and q is (1/2, 1/2)).",
        (
            Panel(
                "For q near p, k2 and k3 have a far smaller standard deviation than k1.",
                lambda figure, theme: draw_kl(figure, theme, curves.kl_spread_near(), DISTANCE, SPREAD, yscale="log"),
            ),
            Panel(
                "Where p is rare and q is not, the standard deviation of k3 grows without bound and passes that of k1.",
                lambda figure, theme: draw_kl(
                    figure,
                    theme,
                    curves.kl_spread_rare(),
                    "x, p's rare probability",
                    SPREAD,
                    yscale="log",
                    xscale="log",
                ),
            ),
        ),
        source="numeric.primitives.kl.kl_k1, kl_k2, kl_k3; deviations by summing over the outcomes, float64",
    ),
    "kl-gradients": Picture(
        "Which gradient each KL estimator has",
        "Whose gradient do you follow? With samples from the policy as data, k2 has the mean gradient of KL(p || q) (first "
        "picture), k3 that of KL(q || p) (second picture), and k1 none at all. Where p = q all are zero. Here q is "
        "(0.2, 0.3, 0.5).",
        (
            Panel(
                "The mean slope of k2 lies on the slope of KL(p || q); that of k3 leaves it; that of k1 is 0.",
                lambda figure, theme: draw_kl_slopes(figure, theme, "KL(p || q)"),
            ),
            Panel(
                "The mean slope of k3 lies on the slope of KL(q || p); that of k2 leaves it; that of k1 is 0.",
                lambda figure, theme: draw_kl_slopes(figure, theme, "KL(q || p)"),
            ),
        ),
        source="numeric.primitives.kl by autograd, all outcomes enumerated, float64",
    ),
    "softmax-step": Picture(
        "A softmax step on the simplex",
        "Where does a step lead? Along the score of a sampled action, to the corner of that action, however large the step "
        "(first picture). Along a direction in which an action is above average and not the largest, it gains at first and "
        "loses later (second picture: equal logits, g = (1, 3, −4), action 1).",
        (
            Panel(
                "A triangle of policies over three actions. From one point three curves run, each into the corner of its action.",
                draw_simplex,
            ),
            Panel(
                "Action 1 rises from one third to about 0.36 and then falls towards 0; action 2 rises to 1; action 3 falls.",
                draw_above,
            ),
        ),
        source="numeric.primitives.softmax.log_softmax and score, float64",
    ),
    "cliff-walk": Picture(
        "Optimal values and moves on the cliff walk",
        "What is each cell worth, and where does one go? A move costs 1, the goal in the corner pays 100, a fall costs 100 and "
        "ends the walk. At discount 1 (first picture) the start is worth 88, thirteen moves of which the last one pays; at "
        "discount 0.99 (second picture) it is worth 77.277. Arrows are all best moves of a cell; where there are two, they are "
        "worth the same.",
        tuple(
            Panel(
                f"Twelve columns and four rows of numbers with arrows at discount {name}: values rise towards the goal in the "
                "lower right corner; between start and goal lies the cliff; the best way runs along its edge.",
                lambda figure, theme, discount=discount: draw_cliff(figure, theme, curves.cliff(discount)),  # type: ignore[misc]
            )
            for name, discount in zip(("1", "0.99"), curves.DISCOUNTS, strict=True)
        ),
        source="numeric.envs.cliff_walk.Cliff in rationals, solved by numeric.mdp.solve.optimum",
    ),
    "tanh-error": Picture(
        "Error of the tanh correction, by form and precision",
        "How many digits does each form keep? The epsilon form is off by 1e-6 or more near 0 and by whole nats at the edge, in "
        "every format. The logarithm of 1 − a² loses its digits as u grows and ends, where its curve ends, at infinity. The "
        "slope, the push away from the edge, goes with them (last picture; the true slope is 2 tanh u).",
        (
            *(
                Panel(
                    f"In {name}: the error of the primitive is smallest or near it everywhere; those of the epsilon form and "
                    "of the logarithm from the action grow with u.",
                    lambda figure, theme, name=name: draw_tanh_error(figure, theme, name),  # type: ignore[misc]
                )
                for name in curves.FORMATS
            ),
            Panel(
                "Slopes in float32: the primitive and softplus rise to 2 and stay; the epsilon form falls back to 0 near u = 9.",
                draw_tanh_slope,
            ),
        ),
        source="numeric.primitives.tanh_gaussian and numeric.experiments.tanh_errors, against balls of 200 bits",
    ),
}
