// The button of a homework page prints it. Formulas break into lines between their pieces on paper (print.css); before printing
// each one learns how wide its widest piece is, in em, and becomes smaller only where that is wider than its place.
function measure() {
  for (const box of document.querySelectorAll("div.arithmatex")) {
    const formula = box.querySelector(".katex");
    if (!formula) continue;
    const size = parseFloat(getComputedStyle(formula).fontSize);
    const widths = [...formula.querySelectorAll(".katex-html > .katex-base")].map(piece => piece.getBoundingClientRect().width);
    if (widths.length) box.style.setProperty("--rl-em", (Math.max(...widths) / size).toFixed(2));
  }
}

// A sheet of paper has no other pages: a link to one would print this machine's address into the PDF. Links within it stay.
let links = [];
addEventListener("beforeprint", () => {
  measure();
  links = [...document.querySelectorAll("a[href]:not([href^='#'])")].map(link => [link, link.getAttribute("href")]);
  for (const [link] of links) link.removeAttribute("href");
});
addEventListener("afterprint", () => {
  for (const [link, href] of links) link.setAttribute("href", href);
});

addEventListener("click", event => {
  if (event.target.closest("[data-rl-print]")) print();
});
addEventListener("DOMContentLoaded", () => {      // fonts that only a folded formula needs must be there when it unfolds
  if (document.querySelector("[data-rl-print]")) for (const font of document.fonts) font.load();
});
