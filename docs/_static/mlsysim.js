// Tooltips: the title of a link to a number, shown on hover and on focus; Escape closes it.
(() => {
  let box = null;
  let shownFor = null;
  const hide = () => {
    if (!box) return;
    box.remove();
    shownFor.removeAttribute("aria-describedby");
    box = shownFor = null;
  };
  const show = (link) => {
    hide();
    const text = link.dataset.tip;
    if (!text) return;
    box = document.createElement("div");
    box.className = "mls-tip";
    box.id = "mls-tip";
    box.setAttribute("role", "tooltip");
    box.textContent = text;
    Object.assign(box.style, {
      position: "absolute", zIndex: 1050, maxWidth: "24rem", padding: "0.4rem 0.6rem", fontSize: "0.8rem",
      borderRadius: "6px", background: "var(--pst-color-surface)", color: "var(--pst-color-text-base)",
      border: "1px solid var(--pst-color-border)", boxShadow: "0 2px 8px rgba(0,0,0,.2)",
    });
    document.body.append(box);
    const at = link.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8));
    box.style.left = `${left + window.scrollX}px`;
    box.style.top = `${at.bottom + window.scrollY + 4}px`;
    link.setAttribute("aria-describedby", "mls-tip");
    shownFor = link;
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll("a.reference.internal[title]")) {
      if (!link.querySelector(".mls-number, .xref, span")) continue;
      link.dataset.tip = link.title;
      link.removeAttribute("title");
      link.addEventListener("mouseenter", () => show(link));
      link.addEventListener("focus", () => show(link));
      link.addEventListener("mouseleave", hide);
      link.addEventListener("blur", hide);
    }
    for (const toggle of document.querySelectorAll(".bd-sidenav summary, .sidebar-primary__section summary")) {
      const link = toggle.closest("li")?.querySelector("a");
      toggle.setAttribute("aria-label", `Show or hide what is under ${link ? link.textContent.trim() : "this"}`);
    }
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  });
})();
