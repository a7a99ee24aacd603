// What was typed and not sent is left only by a word of whoever typed it: a receipt of forty lines is
// not lost to a link beside it, nor what was typed over an order to a press of Escape.
//
//   <form method="post" data-unsent>     is asked about, and so is every form of the order's sheet

(() => {
  const ASKED = "form[data-unsent], #sheet[open] form[method=post]";

  // Where it was typed; and what the browser's history knows that page by.
  const typed = new Set();
  let here = null;

  document.addEventListener("input", ({ target, isTrusted }) => {
    const form = target.form?.closest(ASKED);
    if (!form || !isTrusted) return;
    for (const each of typed) if (!each.isConnected) typed.delete(each);
    typed.add(form);
    here = { address: location.href, state: history.state };
  });

  function asIs(field) {
    if (field.matches("[type=hidden], [type=search]")) return true;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked === field.defaultChecked;
    if (!field.matches("select")) return field.value === field.defaultValue;
    return field.selectedIndex === Math.max([...field.options].findIndex((each) => each.defaultSelected), 0);
  }

  // Taken, emptied by hand or gone with its page: nothing of it would be lost.
  const isUnsent = (form) => form.isConnected && form.matches(ASKED)
    && ![...form.querySelectorAll("input, select, textarea")].every(asIs);

  const unsent = (within = document) => [...typed].filter((form) => within.contains(form) && isUnsent(form));

  function mayLeave(within = document) {
    const left = unsent(within);
    if (!left.length) return true;
    if (!confirm(document.getElementById("told").dataset.unsent)) return false;
    for (const form of left) typed.delete(form);
    return true;
  }

  // --- the ways out ------------------------------------------------------------------------------

  const leads = (link) => !link.matches("[target=_blank], [download], [hx-get], [data-opens], [data-sheet]")
    && link.protocol.startsWith("http") && !link.getAttribute("href").startsWith("#");

  // Whoever presses Cancel has said it.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.closest("#sheet, .form-actions")) return;
    if (!leads(link) || mayLeave()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // Back and on. Where the browser tells of it only when it has gone, whoever stays is put where they
  // were.
  if (window.navigation) {
    navigation.addEventListener("navigate", (event) => {
      if (event.navigationType !== "traverse" || !event.cancelable || mayLeave()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
  } else {
    addEventListener("popstate", (event) => {
      if (mayLeave()) return;
      event.stopImmediatePropagation();
      history.pushState(here.state, "", here.address);
    }, true);
  }

  addEventListener("beforeunload", (event) => { if (unsent().length) event.preventDefault(); });

  document.addEventListener("cancel", (event) => {
    if (event.target.id === "sheet" && !mayLeave(event.target)) event.preventDefault();
  }, true);
})();
