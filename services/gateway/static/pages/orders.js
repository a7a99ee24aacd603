// An order's page: forms open as dialogs over it, the keyboard walks through what was found, and
// what somebody typed outlives an edit of somebody else.

(() => {
  const sheet = () => document.getElementById("sheet");

  // A link with data-sheet leads to a page with a form; here only its form is shown.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-sheet]");
    if (!link || !sheet() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    fill(link.getAttribute("href"));
  }, true);

  // Within a dialog, whatever leads back to the page closes it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("dialog a[data-closes]");
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    sheet().close();
  }, true);

  // What is on its way into it, and what it shows: by their addresses.
  let coming = null, shown = null;

  // It asks for itself: what is asked for last is what it shows, and a no is told above the page.
  async function fill(address) {
    const own = coming = { address };
    // What a closed one has of before is nobody's any more, whatever comes, or does not.
    if (!sheet().open) sheet().replaceChildren();
    await htmx.ajax("GET", address, {
      source: sheet(), target: sheet(), select: "#sheet-body", swap: "innerHTML", push: "false",
    });
    if (coming !== own) return;
    coming = null;
    if (!sheet()?.firstElementChild) return;
    shown = address;
    if (!sheet().open) sheet().showModal();
    const first = sheet().querySelector("[autofocus]")
      ?? sheet().querySelector("form input:not([type=hidden]), form select, form textarea");
    first?.focus();
    first?.select?.();
  }

  // The answer to something earlier draws the page anew, and the sheet with it: it is filled again.
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target !== document.body || !sheet()) return;
    const address = coming?.address ?? (sheet().open ? shown : null);
    if (address?.startsWith(location.pathname)) fill(address);
  });

  // --- what was found while typing: arrows walk, Enter takes the first ---------------------------

  const hits = () => [...document.querySelectorAll("#hits .hit :is(button, a.hit-name), #hits a.hit")];

  document.addEventListener("keydown", (event) => {
    const finding = event.target.closest?.("form[data-finds], #hits");
    if (!finding) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = hits();
      const at = all.indexOf(document.activeElement);
      const to = event.key === "ArrowDown" ? at + 1 : at - 1;
      (all[to] ?? document.querySelector("form[data-finds] input:not([type=hidden])"))?.focus();
    } else if (event.key === "Enter" && finding.matches("form")) {
      event.preventDefault();
      wanted = finding.elements.q.value.trim();
      takeFirst();
    }
  });

  // Whoever is quicker than the answer means what they typed, not what was found before it.
  let wanted = null;
  function takeFirst() {
    const found = document.getElementById("hits");
    if (wanted === null || found?.dataset.q !== wanted) return;
    wanted = null;
    const first = found.querySelector(".hit");
    (first?.querySelector("button") ?? first?.querySelector("a:not(.hit-name)") ?? first)?.click();
  }
  document.addEventListener("htmx:after:swap", takeFirst);
  document.addEventListener("input", () => { wanted = null; });

  // --- somebody else was faster: the form anew, with what was typed here --------------------------

  document.addEventListener("htmx:after:swap", async ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.("form[data-again]");
    const problem = document.querySelector('[data-code="revision_conflict"]');
    if (!form || !problem || !sheet()?.open) return;
    const typed = [...form.elements].filter(
      (field) => field.name && field.type !== "hidden" && field.value !== valueAtFirst(field));
    const values = typed.map(({ name, value }) => [name, value]);
    await fill(form.dataset.again);
    sheet().querySelector(".dialog-head").after(problem);
    for (const [name, value] of values) {
      const field = sheet().querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`);
      if (field) field.value = value;
    }
    problem.scrollIntoView({ block: "center" });
  });

  const valueAtFirst = (field) => field instanceof HTMLSelectElement
    ? [...field.options].find((option) => option.defaultSelected)?.value ?? field.options[0]?.value
    : field.defaultValue;

  // --- menus close when somebody goes on ----------------------------------------------------------

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.pop[open]")) {
      if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
    }
  });

  // --- copying -----------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copies]");
    if (!button) return;
    const field = document.querySelector(button.dataset.copies);
    field.select();
    navigator.clipboard?.writeText(field.value).catch(() => {});
    button.classList.add("good");
  });
})();
