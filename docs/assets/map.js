// The map: boxes fold, the whole zooms and moves, a claim shows what it rests on. Without this script all of it is to be seen.
addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".rl-map");
  if (!root) return;
  const view = root.querySelector(".rl-map-view"), svg = view.querySelector("svg"), said = root.querySelector(".rl-map-said");
  const all = (selector, inside = svg) => [...inside.querySelectorAll(selector)];
  const { width: WIDTH, gap: GAP, head: HEAD, row: ROW, space: SPACE, margin: MARGIN } = JSON.parse(svg.dataset.box);
  const front = svg.querySelector(".rl-front"), arrows = all(".rl-arrows path");
  const rows = new Map(all(".rl-row").map(row => [row.dataset.slug, row]));
  const hint = said.textContent;
  let scale = 1;

  // The formula of graph.arrow.
  function arrow([x, y], [u, v]) {
    if (u > x) {
      const bend = Math.max(GAP, Math.floor((u - x - WIDTH) / 3));
      return `M${x + WIDTH} ${y}C${x + WIDTH + bend} ${y} ${u - bend} ${v} ${u} ${v}`;
    }
    const bend = Math.min(GAP - 8, 12 + Math.floor(Math.abs(v - y) / 8));
    return `M${x + WIDTH} ${y}C${x + WIDTH + bend} ${y} ${u + WIDTH + bend} ${v} ${u + WIDTH} ${v}`;
  }

  // Boxes of a column move together; an arrow to a folded box ends at its title, one within it goes.
  const corner = new Map();
  function lay() {
    const y = {};
    let bottom = 0;
    for (const box of all(".rl-box").sort((a, b) => a.dataset.top - b.dataset.top)) {
      const c = +box.dataset.column, folded = box.classList.contains("rl-folded");
      const height = HEAD + (folded ? 0 : ROW * all(".rl-row", box).length);
      const x = MARGIN + c * (WIDTH + GAP), top = y[c] ?? MARGIN;
      box.setAttribute("transform", `translate(${x} ${top})`);
      box.querySelector(".rl-frame").setAttribute("height", height);
      for (const row of all(".rl-row", box)) row.style.display = folded ? "none" : "";
      box.querySelector(".rl-name").setAttribute("aria-expanded", !folded);
      corner.set(box, [x, top]);
      y[c] = top + height + SPACE;
      bottom = Math.max(bottom, y[c]);
    }
    for (const path of arrows) {
      const [a, b] = [path.dataset.from, path.dataset.to].map(slug => rows.get(slug));
      const hidden = a.parentNode === b.parentNode && a.parentNode.classList.contains("rl-folded");
      path.style.display = hidden ? "none" : "";
      path.setAttribute("d", arrow(port(a), port(b)));
    }
    svg.viewBox.baseVal.height = bottom - SPACE + MARGIN;
    zoom(scale);
  }
  function port(row) {
    const [x, y] = corner.get(row.parentNode);
    const folded = row.parentNode.classList.contains("rl-folded");
    return [x, y + (folded ? HEAD / 2 : +row.querySelector("rect").getAttribute("y") + ROW / 2)];
  }
  function fold(boxes, folded) {
    for (const box of boxes) box.classList.toggle("rl-folded", folded);
    lay();
  }

  function zoom(to, x = 0, y = 0) {
    to = Math.min(4, Math.max(0.2, to));
    const left = (view.scrollLeft + x) * to / scale - x, top = (view.scrollTop + y) * to / scale - y;
    scale = to;
    svg.setAttribute("width", svg.viewBox.baseVal.width * to);
    svg.setAttribute("height", svg.viewBox.baseVal.height * to);
    view.scrollTo(left, top);
  }
  const centre = factor => zoom(scale * factor, view.clientWidth / 2, view.clientHeight / 2);

  // What a claim rests on, however far down, and what cites it.
  function show(slug) {
    const below = new Set([slug]), on = [];
    for (const name of below) for (const path of arrows) if (path.dataset.to === name) { below.add(path.dataset.from); on.push(path); }
    const above = arrows.filter(path => path.dataset.from === slug);
    svg.classList.add("rl-some");
    for (const [name, row] of rows) {
      row.classList.toggle("rl-on", below.has(name) || above.some(path => path.dataset.to === name));
      row.classList.toggle("rl-here", name === slug);
    }
    front.replaceChildren(...[...on, ...above].map(path => path.cloneNode()));
    const rests = below.size - 1;
    said.textContent = `${rows.get(slug).getAttribute("aria-label")}. It rests on ${rests || "no"} other claim${rests === 1 ? "" : "s"}; ${above.length || "none"} cite${above.length === 1 ? "s" : ""} it.`;
  }
  function clear() {
    svg.classList.remove("rl-some");
    for (const row of rows.values()) row.classList.remove("rl-on", "rl-here");
    front.replaceChildren();
    said.textContent = hint;
  }
  function find(slug) {
    const row = rows.get(slug);
    if (!row) return;
    fold([row.parentNode], false);
    row.focus();
    row.scrollIntoView({ block: "center", inline: "center" });
    show(slug);
  }

  for (const [slug, row] of rows) {
    for (const event of ["focus", "pointerenter"]) row.addEventListener(event, () => show(slug));
    for (const event of ["blur", "pointerleave"]) row.addEventListener(event, clear);
    row.querySelector("title").remove(); // the line above the map says it, and at once
  }
  for (const box of all(".rl-box")) {
    const name = box.querySelector(".rl-name"), turn = () => fold([box], !box.classList.contains("rl-folded"));
    box.dataset.top = /,?\s*(\d+)\)/.exec(box.getAttribute("transform"))[1];
    name.setAttribute("role", "button");
    name.setAttribute("tabindex", "0");
    name.addEventListener("focus", () => { said.textContent = name.getAttribute("aria-label"); });
    name.addEventListener("blur", clear);
    name.addEventListener("click", turn);
    name.addEventListener("keydown", event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); turn(); }
    });
  }
  const todo = {
    fold: () => fold(all(".rl-box"), true), unfold: () => fold(all(".rl-box"), false), in: () => centre(1.25), out: () => centre(0.8),
    fit: () => zoom((view.clientWidth - 2) / svg.viewBox.baseVal.width),
  };
  for (const button of all("button", root)) button.addEventListener("click", todo[button.dataset.do]);
  root.querySelector("input").addEventListener("change", event => find(event.target.value.trim().replace("+", "-plus")));
  view.addEventListener("keydown", event => {
    const key = { "+": todo.in, "=": todo.in, "-": todo.out, "0": todo.fit }[event.key];
    if (key && !event.ctrlKey && !event.metaKey) { event.preventDefault(); key(); }
  });
  view.addEventListener("wheel", event => {
    if (!event.ctrlKey) return; // a plain wheel scrolls
    event.preventDefault();
    const box = view.getBoundingClientRect();
    zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  view.addEventListener("pointerdown", event => {
    if (event.pointerType !== "mouse" || event.target.closest("a, .rl-name")) return; // fingers scroll by themselves
    const [x, y] = [view.scrollLeft + event.clientX, view.scrollTop + event.clientY];
    const move = to => view.scrollTo(x - to.clientX, y - to.clientY);
    const stop = () => { view.classList.remove("rl-drag"); removeEventListener("pointermove", move); };
    view.classList.add("rl-drag");
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop, { once: true });
  });

  root.querySelector(".rl-map-bar").hidden = false;
  fold(all(".rl-box"), root.dataset.folded === "true" || innerWidth < 720);
  const asked = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.matches(".rl-row")) find(target.dataset.slug);
    if (target?.matches(".rl-box")) { fold([target], false); target.scrollIntoView({ block: "center", inline: "center" }); }
  };
  addEventListener("hashchange", asked);
  if (location.hash) asked();
});
