// What every page does beyond what the server says: live changes, dialogs, keys, and fields that
// are marked where something is wrong. Pages work without it; with it they are quicker.

const app = (() => {
  const MENUS = "details.person[open], details.menu-phone[open]";
  const SEEN = "Pitlane-Seen";

  // --- live: what changed elsewhere is fetched, and morphed into what is open -------------------
  //
  //   <main id="page" data-live="order payment">           any order or payment
  //   <section id="lines" data-live="order:0194…">         one order; only this part is renewed
  //
  // A part may name where it is fetched from (data-source); else it is the page's own address.

  const LATER_MS = 60, AGAIN_MS = 2000, LONGEST_MS = 60000, PATIENCE_MS = 30000, KEPT = 100;
  const REFRESH = { topic: "refresh", id: null };

  const waiting = new Set(), held = new Set();
  // What could not be renewed: how long it waits the next time, and until when it does now.
  const retries = new Map();
  let timer = null;

  const topicsOf = (element) => element.dataset.live.split(/\s+/);
  const addressed = () => location.pathname + location.search;

  function look({ topic, id }) {
    for (const element of document.querySelectorAll("[data-live]")) {
      const topics = topicsOf(element);
      if (topic === "refresh" || topics.includes(topic) || topics.includes(`${topic}:${id}`)) {
        waiting.add(element.id);
      }
    }
    soon();
  }

  function soon() {
    if (waiting.size) timer ??= setTimeout(renewAll, LATER_MS);
  }

  async function renewAll() {
    try {
      for (const id of [...waiting]) {
        waiting.delete(id);
        await renew(id);
      }
    } finally {
      timer = null;
      soon();
    }
  }

  async function renew(id) {
    const element = document.getElementById(id);
    if (!element) return;
    if (isInHand(element)) return held.add(id);
    const page = addressed(), drawnBefore = drawn, known = heard;
    let response, text;
    try {
      response = await fetch(element.dataset.source || page, {
        headers: { "HX-Request": "true", Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS),
      });
      text = await response.text();
    } catch {
      return again(id);
    }
    const seen = placeOf(response.headers.get(SEEN));
    // What a phone keeps for want of a connection is older than what was heard.
    const old = seen.epoch === known.epoch && seen.number < known.number;
    if (old || !isOurs(response) || response.status >= 500 || response.status === 429) return again(id);
    rest(id);
    if (!response.ok || response.redirected || page !== addressed() || !element.isConnected) return;
    if (drawn !== drawnBefore) {
      waiting.add(id);
      return soon();
    }
    if (isInHand(element)) return held.add(id);
    await htmx.swap({
      text, target: element, sourceElement: document.body, select: `#${CSS.escape(id)}`, swap: "outerMorph",
      request: { method: "GET" }, response: { status: response.status },
    });
  }

  function again(id) {
    const wait = retries.get(id)?.next ?? AGAIN_MS;
    rest(id);
    const retry = setTimeout(() => { waiting.add(id); soon(); }, wait);
    retries.set(id, { retry, next: Math.min(2 * wait, LONGEST_MS) });
  }

  function rest(id) {
    clearTimeout(retries.get(id)?.retry);
    retries.delete(id);
  }

  addEventListener("online", () => {
    for (const id of [...retries.keys()]) {
      rest(id);
      waiting.add(id);
    }
    soon();
  });

  // Every page of ours says how far things had come; what a proxy says instead of us does not.
  const isOurs = (response) => response.headers.has(SEEN);

  // What somebody has in hand is not drawn anew: a dialog, what is being dragged or typed, a button
  // that is pressed down. As soon as it is let go, it is.
  let pressed = false;
  const isInHand = (element) => pressed || element.matches("[data-busy]")
    || element.querySelector("[data-busy], dialog[open]") !== null;

  function letGo() {
    for (const id of held) waiting.add(id);
    held.clear();
    soon();
  }

  const listenTo = (types, does) => {
    for (const type of types) document.addEventListener(type, does, { capture: true, passive: true });
  };
  listenTo(["pointerdown"], () => { pressed = true; });
  // What is dragged says for itself that it is busy; a finger may leave the window before it is
  // lifted; and the click comes only after that.
  listenTo(["pointerup", "pointercancel", "dragstart", "pointermove"], (event) => {
    if (!pressed || (event.type === "pointermove" && event.buttons)) return;
    pressed = false;
    setTimeout(letGo);
  });
  new MutationObserver(() => { if (held.size) letGo(); })
    .observe(document, { subtree: true, attributeFilter: ["data-busy", "open"] });

  // --- what was heard: every change has a place, and so has what is shown ------------------------
  //
  // The server says how far things had come when a page began to be made. What was heard since is
  // looked at again when the page is here, however long it was on its way.

  function placeOf(said) {
    const [epoch, number] = (said || "-0").split("-");
    return { epoch, number: Number(number) };
  }

  let heard = placeOf(document.body.dataset.seen);
  // The latest changes, and the place after which none is missing among them.
  let kept = [], keptSince = heard.number;

  function hear(change) {
    if (change.epoch !== heard.epoch) [kept, keptSince] = [[], change.number];
    else if (change.number <= heard.number) return;
    heard = { epoch: change.epoch, number: change.number };
    kept.push(change);
    if (kept.length > KEPT) keptSince = kept.shift().number;
    look(change);
  }

  // The window that listens tells the others all that it keeps: who has missed one has it now.
  function hearTold(told) {
    if (told.heard.epoch === heard.epoch && told.keptSince <= heard.number) return told.kept.forEach(hear);
    ({ heard, kept, keptSince } = told);
    look(REFRESH);
  }

  function compare(seen) {
    if (seen.epoch !== heard.epoch) return; // The server began anew: the stream will say so.
    if (seen.number < keptSince) return look(REFRESH);
    for (const change of kept) if (change.number > seen.number) look(change);
  }

  function listen() {
    const address = document.body.dataset.events;
    if (!address) return;
    const channel = "BroadcastChannel" in window ? new BroadcastChannel("pitlane") : null;
    let listens = false;
    const tell = () => channel?.postMessage({ heard, kept, keptSince });
    if (channel) {
      channel.onmessage = ({ data }) => {
        if (!data.asks) hearTold(data);
        else if (listens) tell();
      };
      channel.postMessage({ asks: true });
    }
    const open = () => {
      listens = true;
      const after = heard.epoch ? `?after=${heard.epoch}-${heard.number}` : "";
      const events = new EventSource(address + after);
      events.onmessage = ({ data, lastEventId }) => {
        hear({ ...placeOf(lastEventId), ...JSON.parse(data) });
        tell();
      };
      // The browser connects again by itself, unless it was sent away.
      events.onerror = () => { if (events.readyState === EventSource.CLOSED) setTimeout(open, 5 * AGAIN_MS); };
      addEventListener("pagehide", () => events.close(), { once: true });
    };
    // Browsers keep six connections to a host: one window listens for all of them.
    if (channel && navigator.locks) {
      navigator.locks.request("pitlane-events", () => { open(); return new Promise(() => {}); });
    } else {
      open();
    }
  }

  // --- on the way to another page ----------------------------------------------------------------

  // How often something was drawn by somebody's own doing, how often a whole page, and which one is
  // on its way.
  let drawn = 0, pages = 0, newest = null;
  const under = new Set();

  const leads = (ctx) => ctx.target === document.body;

  // Until the answer is there, nothing else on the page is sent: what it was about may be another
  // thing by then. Whoever follows a second link means the second one.
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    ctx.pages = pages;
    if (ctx.request.method === "GET" && !leads(ctx)) return;
    under.add(ctx);
    if (leads(ctx)) {
      if (newest?.request.method === "GET") newest.request.abort?.();
      newest = ctx;
    }
    for (const button of document.querySelectorAll("form[method=post] button:not([type=button], :disabled)")) {
      button.disabled = true;
      button.dataset.waits = "";
    }
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    under.delete(ctx);
    if (newest === ctx) newest = null;
    if (under.size) return;
    for (const button of document.querySelectorAll("[data-waits]")) {
      button.disabled = false;
      delete button.dataset.waits;
    }
  });
  // Enter presses no button that waits. It is not kept for later, when it could mean another thing;
  // but whoever pressed it is told.
  document.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Enter" || !target.matches("input:not([role=combobox])") || !target.form?.querySelector("[data-waits]")) return;
    tell(document.getElementById("told").dataset.later, target.form);
    document.querySelector("#problems .problem, dialog[open] .problem").dataset.unanswered = "";
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.pages === undefined || (statusOf(ctx) >= 400 && ctx.request.method !== "GET")) return;
    if (ctx.pages === pages && (!leads(ctx) || newest === ctx)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  // Scripts stay, for they have run; the looks of the page before are not those of the new one.
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    const end = leads(ctx) && ctx.text ? ctx.text.indexOf("</head>") : -1;
    if (end < 0) return;
    const head = ctx.text.slice(0, end);
    for (const link of document.head.querySelectorAll("link[rel=stylesheet]")) {
      if (link.sheet) link.sheet.disabled = !head.includes(link.getAttribute("href"));
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!ctx.response?.headers) return;
    if (leads(ctx)) {
      pages += 1;
      toldAt = Date.now();
      waiting.clear();
      held.clear();
      showTab();
    }
    drawn += 1;
    compare(placeOf(ctx.response.headers.get(SEEN)));
    letGo();
  });

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
    if (event.target === beside && isBeside(event)) close(event.target);
    for (const details of document.querySelectorAll(MENUS)) {
      if (!details.contains(event.target)) details.open = false;
    }
  });

  // What is pressed beside a dialog and let go there closes it. A selection that is drawn out of it
  // ends beside it too, and a click on its own edge is one into it.
  let beside = null;
  listenTo(["pointerdown"], (event) => { beside = isBeside(event) ? event.target : null; });

  function isBeside({ target, clientX, clientY }) {
    if (!(target instanceof HTMLDialogElement)) return false;
    const { left, right, top, bottom } = target.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  }

  // As Escape does: who is asked about it hears of both.
  function close(dialog) {
    if (dialog.dispatchEvent(new Event("cancel", { cancelable: true }))) dialog.close();
  }

  // What a page says by itself stands where a no of the station stands; without words, it says that
  // none came.
  function tell(words = null, form = null) {
    const told = document.getElementById("told").content.cloneNode(true);
    if (words) told.querySelector("p").textContent = words;
    else told.firstElementChild.dataset.unanswered = "";
    document.getElementById("problems").replaceChildren(told);
    mark(form);
  }

  // What is no page of ours takes the place of none, and what was typed stays.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (isOurs(ctx.response)) return;
    event.preventDefault();
    tell(problemIn(ctx), formOf(ctx));
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx && ctx.text === undefined) tell(null, formOf(ctx));
  });

  function problemIn(ctx) {
    if (!ctx.response.headers.get("Content-Type")?.startsWith("application/problem+json")) return null;
    const problem = JSON.parse(ctx.text);
    return problem.detail ?? problem.title;
  }

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
    if (ctx.response?.headers) document.querySelector("[data-unanswered]")?.remove();
    if (statusOf(ctx) >= 400) {
      proveAnew();
      return mark(formOf(ctx));
    }
    // What is open stays open in a morph; a menu that led somewhere else has done its work.
    const menu = ctx.sourceElement?.closest?.(".side, details.person");
    if (menu) for (const each of document.querySelectorAll(MENUS)) each.open = false;
  });

  // Whoever has signed in meanwhile may send what was typed before: forms prove anew whose they are.
  function proveAnew() {
    const proof = document.querySelector("#problems [data-proof]")?.dataset.proof;
    if (!proof) return;
    for (const field of document.querySelectorAll("input[name=_csrf]")) field.value = proof;
  }

  // Of several fields with one name, a number says which, or what stands in it.
  function fieldOf(form, name, words) {
    const named = (each) => [...form.querySelectorAll(`[name="${CSS.escape(each)}"]:not([type=hidden])`)];
    const [, group, number] = name.match(/^(.*)\.(\d+)$/) ?? [];
    return named(name).find(({ value }) => value && words.includes(value)) ?? named(name)[0]
      ?? (group && (named(group)[number] ?? named(group)[0]));
  }

  function mark(form) {
    if (!form) return;
    for (const field of form.querySelectorAll("[aria-invalid]")) unmark(field);
    let first = null;
    for (const item of document.querySelectorAll("#problems [data-field]")) {
      const words = (item.querySelector(".problem-words") ?? item).textContent;
      const field = fieldOf(form, item.dataset.field, words);
      if (!field) continue;
      say(field, words);
      first ??= field;
      // A row's field may have its number for those who hear it; here it comes by itself.
      const label = field.labels?.[0]?.textContent.replace("*", "").trim() || field.ariaLabel?.replace(/,? \d+$/, "");
      const row = field.closest("tbody tr")?.sectionRowIndex;
      const name = item.querySelector(".problem-field");
      if (label && name) name.textContent = row >= 0 ? `${label} (${row + 1})` : label;
    }
    const dialog = form.closest("dialog[open]");
    const problem = document.querySelector("#problems .problem");
    first?.focus({ preventScroll: dialog !== null });
    if (!dialog || !problem) return;
    dialog.querySelector(".problem")?.remove();
    // What stands around an open dialog is heard by nobody.
    problem.role = "alert";
    const head = dialog.querySelector(".dialog-head");
    if (head) head.after(problem);
    else dialog.prepend(problem);
    problem.scrollIntoView({ block: "nearest" });
  }

  // Beside the field, too: the list of what is wrong may be a screen away from it.
  function say(field, words) {
    unmark(field);
    const said = document.createElement("small");
    said.className = "field-problem";
    said.id = `problem-of-${field.name}`;
    said.textContent = words;
    (field.closest(".field, td") ?? field.parentElement).append(said);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", [...describedBy(field), said.id].join(" "));
  }

  const describedBy = (field) => (field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);

  function unmark(field) {
    field.removeAttribute("aria-invalid");
    const [own, others] = [[], []];
    for (const id of describedBy(field)) (id.startsWith("problem-of-") ? own : others).push(id);
    for (const id of own) document.getElementById(id)?.remove();
    if (others.length) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }

  // What is typed anew is not wrong before it is sent.
  document.addEventListener("input", ({ target }) => {
    if (describedBy(target).some((id) => id.startsWith("problem-of-"))) unmark(target);
  });

  // On a phone, tabs stand in a row that is longer than the screen.
  function showTab() {
    const tab = document.querySelector(".tabs [aria-current]");
    if (!tab) return;
    const [own, row] = [tab, tab.parentElement].map((each) => each.getBoundingClientRect());
    tab.parentElement.scrollLeft += own.left - row.left - (row.width - own.width) / 2;
  }

  // What is told stays until somebody has had the time to read it, and goes on: a cashier counts out
  // change by it.
  const NOTICE_MS = 5000;
  let toldAt = 0;
  listenTo(["pointerdown", "keydown"], () => {
    if (Date.now() - toldAt > NOTICE_MS) document.getElementById("notice")?.remove();
  });

  // --- filters that hold as soon as they are chosen: <form data-eager> --------------------------

  const TYPING_MS = 250;
  let eager = null;
  document.addEventListener("input", ({ target }) => {
    if (!target.form?.matches("[data-eager]")) return;
    // What is asked for last is what is wanted, however slow the answers are.
    target.form.setAttribute("hx-sync", "replace");
    clearTimeout(eager);
    eager = setTimeout(() => target.form.requestSubmit(), target.matches("select, [type=checkbox]") ? 0 : TYPING_MS);
  });

  // --- what is sent takes effect once: a key of its own for what no form has one for ---------------

  const newKey = () => crypto.randomUUID?.() ??
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");

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
    toldAt = Date.now();
    showTab();
  });

  return { look, newKey, renew, tell };
})();
