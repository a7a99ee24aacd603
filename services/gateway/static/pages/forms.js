// A form in hand stays the same one while the page around it is renewed. What was sent and not
// answered may have been taken: pressed again, it goes under the key that it had, and takes effect
// once. And what is typed was begun on what was shown then: it counts against that revision, not
// against one that somebody else has made meanwhile.

(() => {
  // What is renewed with the page: whose it is, and what its fields began with.
  const KEPT = ["_key", "expected_revision"], RENEWED = ["_csrf", "shown"];

  // By what a form is about, for elements are given to other rows when a list is drawn anew.
  const inHand = new Map();

  const hidden = (form) => [...form.querySelectorAll("input[type=hidden][name]")];

  function about(form) {
    const said = hidden(form).filter(({ name }) => ![...RENEWED, ...KEPT].includes(name));
    return JSON.stringify([form.getAttribute("action"), ...said.map(({ name, value }) => [name, value])]);
  }

  function take(form, sent) {
    const own = about(form);
    const before = inHand.get(own);
    if (before?.sent || (before?.form === form && !sent)) return own;
    // ``open``: it was sent and is not answered, or never was. ``renewed``: what it would be now.
    inHand.set(own, { form, sent, open: null, values: keptOf(form) });
    return own;
  }

  function keptOf(form) {
    const fields = hidden(form).filter(({ name }) => KEPT.includes(name));
    return new Map(fields.map(({ name, value }) => [name, value]));
  }

  const posts = (form) => form?.matches("form[method=post]");

  document.addEventListener("input", ({ target }) => {
    if (posts(target.form)) take(target.form, false);
  }, true);

  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.("form");
    // Whoever was told that somebody was faster, and asks to see it as it is now, has seen it then:
    // what was typed in between counts against that.
    if (ctx.request.method === "GET" && ctx.sourceElement?.closest?.(".problem")) letGoOfTyped();
    if (ctx.request.method === "GET" || !posts(form)) return;
    ctx.inHand = take(form, true);
    const own = inHand.get(ctx.inHand);
    own.open = own.open ? "lost" : "sent";
  });

  // A no tells nothing of the time before: that one may have been taken all the same. Only whoever is
  // told that somebody was faster begins anew, on what there is now.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (!ctx.inHand || event.defaultPrevented) return;
    const faster = ctx.text.includes('data-code="revision_conflict"');
    if (ctx.response.status < 400 || faster) inHand.delete(ctx.inHand);
    const own = inHand.get(ctx.inHand);
    if (own?.open === "sent") own.open = ctx.response.status < 500 ? null : "lost";
  });

  // A dialog that was left and is opened again begins anew where somebody has changed what it is about:
  // what was typed there hides what they have made of it. Not where it may have been taken.
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest?.("[data-opens]");
    const dialog = opener && document.querySelector(opener.dataset.opens);
    for (const form of dialog?.querySelectorAll("form[method=post]") ?? []) {
      const own = about(form), { open, values, renewed } = inHand.get(own) ?? {};
      if (!renewed || open || renewed.get("expected_revision") === values.get("expected_revision")) continue;
      inHand.delete(own);
      for (const field of hidden(form)) field.value = renewed.get(field.name) ?? field.value;
      form.reset();
    }
  }, true);

  document.addEventListener("htmx:after:swap", () => {
    if (inHand.size) putBack();
  });

  function letGoOfTyped() {
    for (const [own, { sent }] of inHand) if (!sent) inHand.delete(own);
  }

  function putBack() {
    const left = new Set(inHand.keys());
    for (const form of document.querySelectorAll("form[method=post]")) {
      const own = about(form), before = inHand.get(own);
      // What was only typed is where it was typed, or nowhere.
      if (!before || (!before.sent && before.form !== form)) continue;
      left.delete(own);
      const drawn = keptOf(form);
      // Each time it is drawn anew it has another key.
      if (drawn.get("_key") !== before.values.get("_key")) before.renewed = drawn;
      for (const field of hidden(form)) field.value = before.values.get(field.name) ?? field.value;
    }
    for (const own of left) inHand.delete(own);
  }
})();
