// What scrolls can be reached from the keyboard; folded steps open for print and close again after it.
const WIDE = {"div.arithmatex": "wide formula", "td .arithmatex": "wide formula", "pre > code": "code", ".md-typeset__scrollwrap": "wide table"};
function reachable() {
  for (const [selector, label] of Object.entries(WIDE)) {
    for (const box of document.querySelectorAll(selector)) {
      if (box.scrollWidth <= box.clientWidth || box.tabIndex === 0) continue;
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", label);
    }
  }
}
let opened = [];
addEventListener("DOMContentLoaded", reachable);
addEventListener("resize", reachable);
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});

// Symbols: a letter of a formula is tied by data-s to a line of the page's list, which is shown beside it.
const lines = (name) => name.split(" ").map((one) => document.getElementById(`symbol-${one}`)).filter(Boolean);
const tip = Object.assign(document.createElement("div"), {id: "rl-tip", className: "rl-tip md-typeset", hidden: true});
tip.setAttribute("role", "status");
const face = (letter) => letter.textContent.slice(0, 1);
let shown = null;
function show(letter) {
  hide();
  const told = lines(letter.dataset.s);
  if (!told.length) return;
  shown = letter;
  for (const other of document.querySelectorAll(`article [data-s="${letter.dataset.s}"]`)) {
    if (face(other) === face(letter)) other.classList.add("rl-on");
  }
  tip.replaceChildren(...told.map((line) => {
    const copy = document.createElement("p");
    copy.append(...[...line.cloneNode(true).childNodes]);
    return copy;
  }));
  tip.hidden = false;
  const line = letter.closest(".arithmatex").getBoundingClientRect(), size = tip.getBoundingClientRect();
  const below = line.bottom + size.height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(letter.getBoundingClientRect().left, innerWidth - size.width - 8))}px`;
  tip.style.top = `${below ? line.bottom : Math.max(0, line.top - size.height)}px`;
}
function hide() {
  if (!shown) return;
  for (const other of document.querySelectorAll(".rl-on")) other.classList.remove("rl-on");
  tip.hidden = true;
  shown = null;
}
function walk(event) {
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (event.key === "Escape") hide();
  if (!step) return;
  const letters = [...event.currentTarget.querySelectorAll("[data-s]")], at = letters.indexOf(shown);
  show(letters[at < 0 ? (step > 0 ? 0 : letters.length - 1) : (at + step + letters.length) % letters.length]);
  shown?.scrollIntoView({block: "nearest", inline: "nearest"});
  event.preventDefault();
}
function symbols() {
  const known = document.querySelector(".rl-symbols");
  if (!known) return;
  document.body.append(tip);
  for (const box of document.querySelectorAll("div.arithmatex:has([data-s])")) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "formula; the arrow keys walk through its letters");
    box.addEventListener("keydown", walk);
    box.addEventListener("focus", () => { if (!shown && box.matches(":focus-visible")) show(box.querySelector("[data-s]")); });
    box.addEventListener("blur", hide);
  }
  for (const hint of document.querySelectorAll(".rl-hint")) hint.hidden = false;
}
addEventListener("DOMContentLoaded", symbols);
addEventListener("pointerover", (event) => {
  const letter = event.target.closest?.("[data-s]");
  if (letter && letter !== shown) show(letter);
  else if (!letter && !event.target.closest?.("#rl-tip, div.arithmatex:focus")) hide();
});
addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
addEventListener("scroll", () => { if (shown && !shown.closest("div.arithmatex:focus")) hide(); }, {passive: true});

// Folded steps: one button for all of them.
function folds() {
  const before = document.querySelector(".rl-folds"), steps = document.querySelectorAll(".rl-chain details");
  if (!before || !steps.length) return;
  const button = Object.assign(document.createElement("button"), {type: "button", className: "rl-button"});
  const say = () => { button.textContent = [...steps].every((one) => one.open) ? "Fold all steps" : "Unfold all steps"; };
  button.addEventListener("click", () => {
    const open = ![...steps].every((one) => one.open);
    for (const one of steps) one.open = open;
    say();
  });
  for (const one of steps) one.addEventListener("toggle", say);
  say();
  before.append(" ", button);
}
addEventListener("DOMContentLoaded", folds);
