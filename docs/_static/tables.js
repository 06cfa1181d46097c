// Index tables: sort by a column, filter by text and by group, choose columns. Without this file they are plain tables.
(() => {
  const cellOf = (row, column) => row.cells[column];
  const keyOf = (cell) => {
    const number = cell.querySelector("data[value]");
    if (number) return Number(number.value);
    const text = cell.textContent.trim();
    return text === "–" ? null : text.toLowerCase();
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  };
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  const digits = (number) => Number(number.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }).replaceAll(",", "\u202f");

  // A choice of unit for each column that has several: the numbers stand in the page in the coherent one.
  const unitChoices = (table, rows, heads) => {
    let place = (table.closest(".pst-scrollable-table-container") ?? table).previousElementSibling;
    while (place && !place.matches(".mls-units")) place = place.matches(".mls-bar") ? place.previousElementSibling : null;
    if (!place) return [];
    return Object.entries(JSON.parse(place.dataset.units)).map(([column, known]) => {
      const title = heads[column].textContent.trim();
      const printed = rows.map((row) => cellOf(row, column).querySelector("data[value]")).filter(Boolean).map((data) => [data, data.textContent]);
      const select = make("select", {}, make("option", { value: "", textContent: "as printed" }), ...known.map(([unit]) => make("option", { value: unit, textContent: unit })));
      select.setAttribute("aria-label", `Unit of ${title}`);
      select.addEventListener("change", () => {
        const chosen = known.find(([unit]) => unit === select.value);
        for (const [data, text] of printed) data.textContent = chosen ? `${digits(Number(data.value) / chosen[1])}\u00a0${chosen[0]}` : text;
      });
      return make("label", {}, title, select);
    });
  };

  const enhance = (table, index) => {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells];
    const state = { text: "", group: "" };
    const count = make("output", { className: "mls-count" });
    const facet = heads.findIndex((head) => head.textContent.trim() === "Group");

    const show = () => {
      const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
      let seen = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        const fits = words.every((word) => text.includes(word)) && (!state.group || cellOf(row, facet).textContent.trim() === state.group);
        row.hidden = !fits;
        seen += fits;
      }
      count.textContent = `${seen} of ${rows.length}`;
    };

    heads.forEach((head, column) => {
      const button = make("button", { type: "button", className: "mls-sort" });
      button.append(...head.querySelector("p").childNodes);
      head.querySelector("p").append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const order = rows.map((row) => [keyOf(cellOf(row, column)), row]);
        order.sort(([a], [b]) => (a === null || b === null ? compare(a, b) : up ? compare(a, b) : compare(b, a)));
        table.tBodies[0].append(...order.map(([, row]) => row));
      });
    });

    const filter = make("input", { type: "search", placeholder: "Filter", id: `mls-filter-${index}` });
    filter.setAttribute("aria-label", "Filter the table by text");
    filter.addEventListener("input", () => { state.text = filter.value; show(); });
    const bar = make("div", { className: "mls-bar" }, filter);
    if (facet >= 0) {
      const groups = [...new Set(rows.map((row) => cellOf(row, facet).textContent.trim()))].sort();
      const select = make("select", {}, make("option", { value: "", textContent: "All groups" }), ...groups.map((g) => make("option", { value: g, textContent: g })));
      select.setAttribute("aria-label", "Show one group");
      select.addEventListener("change", () => { state.group = select.value; show(); });
      bar.append(select);
    }
    const choices = heads.slice(1).map((head, i) => {
      const box = make("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        for (const row of table.rows) cellOf(row, i + 1).hidden = !box.checked;
      });
      return make("label", {}, box, ` ${head.textContent.trim()}`);
    });
    const units = unitChoices(table, rows, heads);
    if (units.length) bar.append(make("details", { className: "mls-choice" }, make("summary", { textContent: "Units" }), ...units));
    bar.append(make("details", { className: "mls-columns" }, make("summary", { textContent: "Columns" }), ...choices), count);
    (table.closest(".pst-scrollable-table-container") ?? table).before(bar);
    show();
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("table.mls-index").forEach(enhance));
})();
