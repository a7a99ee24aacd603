// A template beside its paper: made anew while it is typed, and what is wrong is shown at its line.

(() => {
  const TYPING_MS = 700;
  let timer = null;

  const editor = () => document.querySelector("textarea[data-draft]");

  function show() {
    const draft = editor();
    draft && document.querySelector(draft.dataset.draft)?.requestSubmit();
  }

  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea[data-draft]")) return;
    clearTimeout(timer);
    timer = setTimeout(show, TYPING_MS);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("#preview-form select")) show();
  });
  document.addEventListener("submit", ({ target }) => {
    if (target.id === "preview-form") target.elements.template.value = editor().value;
  }, true);

  // A paper is a stranger to this page and tells it nothing; what is wrong with it is our own page.
  function framed({ target: frame }) {
    const problem = frame.contentDocument?.querySelector("[data-line]");
    const told = document.querySelector(frame.dataset.problems);
    told.textContent = problem ? problem.querySelector("strong").textContent.trim() : "";
    const draft = editor();
    draft.toggleAttribute("aria-invalid", false);
    const line = Number(problem?.dataset.line);
    if (!problem || !line) return;
    draft.setAttribute("aria-invalid", "true");
    const rows = draft.value.split("\n");
    const start = rows.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    draft.setSelectionRange(start, start + rows[line - 1].length);
    draft.scrollTop = (draft.scrollHeight / rows.length) * Math.max(0, line - 4);
  }

  function begin() {
    const frame = document.querySelector("iframe[data-problems]");
    if (!frame || frame.dataset.begun) return;
    frame.dataset.begun = "true";
    frame.addEventListener("load", framed);
    show();
  }
  if (document.readyState !== "loading") begin();
  else document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("htmx:after:settle", begin);
})();
