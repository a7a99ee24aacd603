// What was typed and not sent is left only by a word of whoever typed it: a receipt of forty lines is
// not lost to a link beside it, nor what was typed over an order to a press of Escape.
//
//   <form method="post" data-unsent>     is asked about, and so is every form of the order's sheet

(() => {
  const ASKED = "form[data-unsent], #sheet[open] form[method=post]";

  // Where it was typed, and what the browser's history knows that page by.
  let typed = null;

  document.addEventListener("input", ({ target, isTrusted }) => {
    const form = target.form?.closest(ASKED);
    if (form && isTrusted) typed = { form, address: location.href, state: history.state };
  });

  function asIs(field) {
    if (field.matches("[type=hidden], [type=search]")) return true;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked === field.defaultChecked;
    if (!field.matches("select")) return field.value === field.defaultValue;
    return field.selectedIndex === Math.max([...field.options].findIndex((each) => each.defaultSelected), 0);
  }

  // Taken, emptied by hand or gone with its page: nothing of it would be lost.
  const isUnsent = () => typed?.form.isConnected && typed.form.matches(ASKED)
    && ![...typed.form.querySelectorAll("input, select, textarea")].every(asIs);

  function mayLeave() {
    if (!isUnsent()) return true;
    if (!confirm(document.getElementById("told").dataset.unsent)) return false;
    typed = null;
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
      const before = typed;
      if (mayLeave()) return;
      event.stopImmediatePropagation();
      history.pushState(before.state, "", before.address);
    }, true);
  }

  addEventListener("beforeunload", (event) => { if (isUnsent()) event.preventDefault(); });

  document.addEventListener("cancel", (event) => {
    if (event.target.id === "sheet" && !mayLeave()) event.preventDefault();
  }, true);
})();
