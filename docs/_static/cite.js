// "cite" beside each number: its citations as text, BibTeX and CSL-JSON, from the file beside the page. Without this file the sign is a link.
(() => {
  const STYLES = { text: "Text", bibtex: "BibTeX", csl: "CSL-JSON" };
  let known = null;
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const load = () => {
    known ??= fetch(location.pathname.replace(/(\.html)?$/, "").replace(/\/$/, "/index") + ".cite.json").then((answer) => {
      if (!answer.ok) throw new Error(`${answer.status}`);
      return answer.json();
    });
    return known;
  };
  const joined = (number, sources) => {
    const source = sources[number.source];
    if (!source) return number;
    const items = [...JSON.parse(number.csl), ...JSON.parse(source.csl)];
    return { text: number.text, bibtex: number.bibtex + source.bibtex, csl: JSON.stringify(items, null, 1) };
  };
  const copy = (text) => {
    const button = make("button", { type: "button", className: "mls-copy", textContent: "Copy" });
    button.addEventListener("click", () => navigator.clipboard.writeText(text).then(() => { button.textContent = "Copied"; }));
    return button;
  };
  const show = async (name, anchor) => {
    const dialog = make("dialog", { className: "mls-cite-dialog" });
    dialog.setAttribute("aria-label", `Cite ${name}`);
    const close = make("button", { type: "button", className: "mls-close", textContent: "Close" });
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(make("header", {}, make("strong", { textContent: name }), close));
    try {
      const data = await load();
      const styles = joined(data.numbers[anchor], data.sources);
      for (const [style, title] of Object.entries(STYLES)) {
        const pre = make("pre", { textContent: styles[style].trim(), tabIndex: 0 });
        dialog.append(make("figure", {}, make("figcaption", {}, title, copy(styles[style].trim())), pre));
      }
    } catch {
      dialog.append(make("p", { textContent: "The citations are in a file beside this page, which could not be read: open the site through a server." }));
    }
    document.body.append(dialog);
    dialog.showModal();
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a.mls-cited")) {
      const button = make("button", { type: "button", className: "mls-cite", textContent: "cite" });
      button.setAttribute("aria-label", `Cite ${link.dataset.mls}`);
      button.addEventListener("click", () => show(link.dataset.mls, decodeURIComponent(link.hash.slice(1))));
      link.after(button);
    }
    for (const pre of document.querySelectorAll(".mls-cite-box pre")) pre.previousElementSibling.append(copy(pre.textContent));
  });
})();
