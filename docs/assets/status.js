// The table of all claims: filters, a word, and sorting by a head. Without this script the whole table is to be seen.
addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".rl-status");
  if (!root) return;
  const form = root.querySelector(".rl-filters"), shown = root.querySelector(".rl-shown");
  const table = root.querySelector(".rl-all"), body = table.tBodies[0], rows = [...body.rows];
  const fields = [...form.elements].filter(field => field.name);
  const text = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));

  function filter() {
    const asked = Object.fromEntries(fields.map(field => [field.name, field.value.trim()]));
    const word = asked.word.toLowerCase();
    let count = 0;
    for (const row of rows) {
      const fits = fields.every(({ name }) => name === "word" || !asked[name] || row.dataset[name].split("|").includes(asked[name]));
      row.hidden = !(fits && text.get(row).includes(word));
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length} claims`;
    const kept = new URLSearchParams(Object.entries(asked).filter(([, value]) => value)).toString();
    try { history.replaceState(null, "", kept ? `#${kept}` : location.pathname + location.search); } catch { /* opened from a folder */ }
  }

  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent;
  }
  for (const head of table.tHead.rows[0].cells) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => value(a, head.cellIndex).localeCompare(value(b, head.cellIndex), "en", { numeric: true });
      body.append(...[...rows].sort((a, b) => (down ? order(b, a) : order(a, b))));
    });
  }

  function ask() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      if (!asked.has(field.name)) continue;
      field.value = asked.get(field.name);
      if (field.selectedIndex === -1) field.value = "";
    }
  }
  for (const event of ["input", "change"]) form.addEventListener(event, filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", () => { ask(); filter(); });
  form.hidden = false;
  ask();
  filter();
});
