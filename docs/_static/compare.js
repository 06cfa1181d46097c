// Two to four entries side by side; which ones stands in the address (?entries=Hardware.Cloud.H100,Hardware.Cloud.MI300X).
(() => {
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const MOST = 4;

  document.addEventListener("DOMContentLoaded", async () => {
    const place = document.getElementById("mls-compare");
    if (!place) return;
    const root = new URL(document.documentElement.dataset.content_root || "../", location.href);
    const get = async (path) => {
      const answer = await fetch(new URL(path, root));
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return answer.json();
    };
    const names = await get("zoo/names.json");
    const asked = (new URLSearchParams(location.search).get("entries") ?? "").split(",").filter((name) => name in names);
    let chosen = [...new Set(asked)].slice(0, MOST);

    const list = make("datalist", { id: "mls-names" }, ...Object.entries(names).map(([name, title]) => make("option", { value: name, textContent: title })));
    const input = make("input", { type: "search", placeholder: "Add an entry, such as Hardware.Cloud.H100" });
    input.setAttribute("list", "mls-names");
    input.setAttribute("aria-label", "Add an entry to compare");
    const say = make("output", { className: "mls-count" });
    const table = make("div", { className: "pst-scrollable-table-container" });
    place.replaceChildren(make("div", { className: "mls-bar" }, input, say), list, table);

    const show = async () => {
      const url = new URL(location.href);
      if (chosen.length) url.searchParams.set("entries", chosen.join(","));
      else url.searchParams.delete("entries");
      history.replaceState(null, "", url);
      input.disabled = chosen.length >= MOST;
      say.textContent = chosen.length >= MOST ? "Four are the most" : chosen.length < 2 ? "Choose at least two" : "";
      const entries = await Promise.all(chosen.map((name) => get(`zoo/${name.replaceAll(".", "/").toLowerCase()}.json`)));
      const rows = new Map();
      entries.forEach((entry, i) => {
        for (const fact of entry.facts) {
          if (!rows.has(fact.path)) rows.set(fact.path, []);
          const link = make("a", { href: new URL(`${entry.page}#${fact.anchor}`, root).href, textContent: String(fact.value), title: `${fact.kind}; ${fact.source.text}, ${fact.where}` });
          rows.get(fact.path)[i] = link;
        }
        for (const number of entry.derived) {
          const path = number.name.split(".").slice(3).join(".");
          if (!rows.has(path)) rows.set(path, []);
          rows.get(path)[i] = make("span", { textContent: number.text, title: `by ${number.equation}` });
        }
      });
      const head = make("tr", {}, make("th", { scope: "col", textContent: "Fact" }), ...entries.map((entry, i) => {
        const away = make("button", { type: "button", textContent: "Remove" });
        away.setAttribute("aria-label", `Remove ${entry.title}`);
        away.addEventListener("click", () => { chosen = chosen.filter((_, j) => j !== i); show(); });
        return make("th", { scope: "col" }, make("a", { href: new URL(entry.page, root).href, textContent: entry.title }), " ", away);
      }));
      const body = [...rows].map(([path, cells]) => make("tr", {}, make("th", { scope: "row" }, make("code", { textContent: path })),
        ...entries.map((_, i) => make("td", {}, cells[i] ?? "–"))));
      table.replaceChildren(...(entries.length ? [make("table", { className: "table mls-table mls-compare" }, make("thead", {}, head), make("tbody", {}, ...body))] : []));
    };
    input.addEventListener("change", () => {
      const name = input.value.trim();
      if (name in names && !chosen.includes(name) && chosen.length < MOST) { chosen.push(name); show(); }
      input.value = "";
    });
    show();
  });
})();
