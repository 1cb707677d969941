// Beside each displayed formula: a button that copies its TeX. It is there for the mouse on hover, for the keyboard on focus.
addEventListener("DOMContentLoaded", () => {
  async function copy(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* an old browser, or a page that is not trusted */ }
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
  for (const box of document.querySelectorAll(".rl-formula")) {
    const tex = box.querySelector('annotation[encoding="application/x-tex"]')?.textContent;
    if (!tex) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "TeX", title: "copy the TeX of this formula" });
    button.setAttribute("aria-label", "copy the TeX of this formula");
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      button.textContent = (await copy(tex)) ? "copied" : "not copied";
      button.focus();
      setTimeout(() => { button.textContent = "TeX"; }, 1500);
    });
    box.querySelector(".rl-tools").append(button);
  }
});
