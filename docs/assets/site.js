// Scrollable formulas can be reached from the keyboard; folded steps open for print and close again after it.
function reachable() {
  for (const box of document.querySelectorAll("div.arithmatex")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "wide formula");
    }
  }
}
let opened = [];
addEventListener("DOMContentLoaded", reachable);
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
});
