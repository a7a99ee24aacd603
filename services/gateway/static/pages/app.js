// What every page does beyond what the server says: live changes, dialogs, keys, and fields that
// are marked where something is wrong. Pages work without it; with it they are quicker.

const app = (() => {
  const LATER_MS = 60;
  const MENUS = "details.person[open], details.menu-phone[open]";

  // --- live: what changed elsewhere is fetched, and morphed into what is open -------------------
  //
  //   <main id="page" data-live="order payment">           any order or payment
  //   <section id="lines" data-live="order:0194…">         one order; only this part is renewed
  //
  // A part may name where it is fetched from (data-source); else it is the page's own address.

  const waiting = new Set();
  let timer = null;

  const topicsOf = (element) => element.dataset.live.split(/\s+/);

  function heard({ topic, id }) {
    for (const element of document.querySelectorAll("[data-live]")) {
      const topics = topicsOf(element);
      if (topic === "refresh" || topics.includes(topic) || topics.includes(`${topic}:${id}`)) {
        waiting.add(element.id);
      }
    }
    if (waiting.size && timer === null) timer = setTimeout(renew, LATER_MS);
    document.dispatchEvent(new CustomEvent("pitlane:changed", { detail: { topic, id } }));
  }

  async function renew() {
    const ids = [...waiting];
    waiting.clear();
    for (const id of ids) {
      const element = document.getElementById(id);
      if (!element || element.querySelector(":scope :is([data-busy], dialog[open])")) continue;
      const source = element.dataset.source || location.pathname + location.search;
      try {
        await htmx.ajax("GET", source, {
          target: element,
          select: `#${CSS.escape(id)}`,
          swap: "outerMorph",
        });
      } catch {
        // The server is away for a moment; the events' own reconnection renews everything.
      }
    }
    timer = waiting.size ? setTimeout(renew, LATER_MS) : null;
  }

  function listen() {
    const address = document.body.dataset.events;
    if (!address) return;
    const channel = "BroadcastChannel" in window ? new BroadcastChannel("pitlane") : null;
    if (channel) channel.onmessage = ({ data }) => heard(data);
    const open = () => {
      let lost = false;
      const events = new EventSource(address);
      events.onmessage = ({ data }) => {
        const change = JSON.parse(data);
        channel?.postMessage(change);
        heard(change);
      };
      events.onerror = () => { lost = true; };
      events.onopen = () => {
        if (!lost) return;
        lost = false;
        const all = { topic: "refresh", id: null };
        channel?.postMessage(all);
        heard(all);
      };
      addEventListener("pagehide", () => events.close(), { once: true });
    };
    // Browsers keep six connections to a host: one window listens for all of them.
    if (channel && navigator.locks) {
      navigator.locks.request("pitlane-events", () => { open(); return new Promise(() => {}); });
    } else {
      open();
    }
  }

  // --- dialogs, notices, problems ----------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      const dialog = document.querySelector(opener.dataset.opens);
      dialog.showModal();
      dialog.querySelector("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
    }
    event.target.closest("[data-closes]")?.closest("dialog")?.close();
    event.target.closest("[data-dismiss]")?.closest(".problem")?.remove();
    if (event.target.closest("[data-print]")) print();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    for (const details of document.querySelectorAll(MENUS)) {
      if (!details.contains(event.target)) details.open = false;
    }
  });

  // A form that is under way is not sent twice, and an answer closes the dialog that it came from.
  document.addEventListener("htmx:before:request", ({ detail }) => {
    const form = detail.ctx.sourceElement.closest("form");
    if (form && detail.ctx.request.method !== "GET") {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    }
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    const form = detail.ctx.sourceElement.closest?.("form");
    if (form) for (const button of form.querySelectorAll("button")) button.disabled = false;
  });
  const formOf = (ctx) => ctx.sourceElement?.closest?.("form");
  const statusOf = (ctx) => ctx.response?.status ?? ctx.response?.raw?.status ?? 0;

  // What was taken is not typed any more, and its dialog has done its work.
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (statusOf(ctx) >= 400) return;
    if (ctx.request.method !== "GET") {
      formOf(ctx)?.closest("dialog[open]")?.close();
      formOf(ctx)?.reset();
    } else if (ctx.target === document.body) {
      // Whoever follows a link leaves the dialog that it stands in, and what was typed there.
      const left = ctx.sourceElement?.closest?.("dialog[open]");
      for (const form of left?.querySelectorAll("form") ?? []) form.reset();
      left?.close();
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (statusOf(ctx) >= 400) return mark(formOf(ctx));
    // What is open stays open in a morph; a menu that led somewhere else has done its work.
    const menu = ctx.sourceElement?.closest?.(".side, details.person");
    if (menu) for (const each of document.querySelectorAll(MENUS)) each.open = false;
    listenForNotice();
  });

  function mark(form) {
    if (!form) return;
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    let first = null;
    for (const item of document.querySelectorAll("#problems [data-field]")) {
      const field = form.querySelector(`[name="${CSS.escape(item.dataset.field)}"]:not([type=hidden])`);
      if (!field) continue;
      field.setAttribute("aria-invalid", "true");
      first ??= field;
      const label = field.labels?.[0]?.textContent.replace("*", "").trim();
      if (label) item.querySelector(".problem-field").textContent = label;
    }
    const dialog = form.closest("dialog[open]");
    const problem = document.querySelector("#problems .problem");
    first?.focus({ preventScroll: dialog !== null });
    if (!dialog || !problem) return;
    dialog.querySelector(".dialog-head").after(problem);
    problem.scrollIntoView({ block: "nearest" });
  }

  let gone = null;
  function listenForNotice() {
    clearTimeout(gone);
    if (document.getElementById("notice")) {
      gone = setTimeout(() => document.getElementById("notice")?.remove(), 5000);
    }
  }

  // --- filters that hold as soon as they are chosen: <form data-eager> --------------------------

  const TYPING_MS = 250;
  let eager = null;
  document.addEventListener("input", ({ target }) => {
    if (!target.form?.matches("[data-eager]")) return;
    clearTimeout(eager);
    eager = setTimeout(() => target.form.requestSubmit(), target.matches("select, [type=checkbox]") ? 0 : TYPING_MS);
  });

  // --- keys: data-hotkey="n", "ctrl+k" --------------------------------------------------------------

  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    const pressed = [
      event.ctrlKey || event.metaKey ? "ctrl" : "",
      event.altKey ? "alt" : "",
      event.key.toLowerCase(),
    ].filter(Boolean).join("+");
    if (typing(event.target) && !pressed.startsWith("ctrl+")) return;
    // With another alphabet, the key says where it is.
    const placed = event.code.startsWith("Key")
      ? pressed.replace(/[^+]*$/, event.code.slice(3).toLowerCase())
      : pressed;
    const within = document.querySelector("dialog[open]") ?? document;
    for (const key of new Set([pressed, placed])) {
      const target = within.querySelector(`[data-hotkey="${CSS.escape(key)}"]`);
      if (!target) continue;
      event.preventDefault();
      if (target.matches("input, textarea, select")) target.focus();
      else target.click();
      return;
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    listen();
    listenForNotice();
  });

  return { heard };
})();
