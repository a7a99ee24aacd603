// A new visit is typed: arrows and Enter choose a client, and the field that comes next has the
// focus. Without scripts matches are links and the search has a button.

(() => {
  const finder = () => document.getElementById("field-q");
  const matches = () => document.getElementById("matches");
  const options = () => [...matches().querySelectorAll('[role="option"]')];
  let entered = false; // Enter was pressed before the answer came.

  function activate(number) {
    const all = options();
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
    const field = finder();
    field.setAttribute("aria-expanded", String(all.length > 0));
    if (all[number]) {
      field.setAttribute("aria-activedescendant", all[number].id);
      all[number].scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  const active = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
  const isCurrent = () => matches().dataset.typed === finder().value.trim();

  document.addEventListener("keydown", (event) => {
    if (event.target !== finder() || event.ctrlKey || event.metaKey) return;
    const all = options();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (all.length) activate((active() + step + all.length) % all.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!finder().value.trim()) return;
      if (isCurrent()) all[Math.max(active(), 0)]?.click();
      else entered = true;
    } else {
      entered = false;
      if (event.key === "Escape") finder().value = "";
    }
  });

  document.addEventListener("htmx:after:swap", ({ detail }) => {
    const target = detail.ctx.target?.id ?? "";
    if (target === "matches" && finder()) {
      const all = options();
      activate(all.length ? 0 : -1);
      // Somebody quicker than the answer means the one who fits, not the first of several. An answer
      // to less than was typed is not the one that they wait for.
      if (isCurrent()) {
        if (entered && all.length <= 2) all[0].click();
        entered = false;
      }
    }
    if (target === "who") {
      const who = document.getElementById("who");
      const next = who.querySelector("[data-focus]")
        ?? who.querySelector('input[type="radio"]:checked')?.closest("fieldset")?.parentElement.querySelector("#field-plate")
        ?? document.getElementById("field-customer_reason");
      next.focus();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    const field = finder();
    if (field) field.focus();
    if (field && options().length) activate(0);
  });
})();
