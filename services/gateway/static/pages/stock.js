// The storekeeper's hands: search as one types, the lines of a document one after another, counting
// with a scanner or a camera. Without it the same pages are forms.

(() => {
  const TYPING_MS = 120;

  // --- search as one types: <form data-search="#what is found"> -----------------------------------

  const searching = new WeakMap();

  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-search]");
    if (!form) return;
    clearTimeout(searching.get(form));
    searching.set(form, setTimeout(() => search(form), TYPING_MS));
  });

  // Enter leads on: nothing that was typed before is looked for any more.
  document.addEventListener("submit", ({ target }) => clearTimeout(searching.get(target)), true);

  function search(form) {
    if (!form.isConnected) return;
    const said = [...new FormData(form)].filter(([, value]) => value);
    const address = `${form.getAttribute("action")}?${new URLSearchParams(said)}`;
    history.replaceState(history.state, "", address);
    const target = document.querySelector(form.dataset.search);
    form.setAttribute("hx-sync", "replace");
    htmx.ajax("GET", address, {
      source: form, target, select: form.dataset.search, swap: "outerMorph show:none", push: "false",
    });
  }

  // --- exact sums: thousandths of quantities, kopecks of money -------------------------------------

  function whole(text, places) {
    const said = (text ?? "").replace(/\s/g, "").replace(",", ".");
    if (!/^-?\d*(\.\d*)?$/.test(said) || !/\d/.test(said)) return null;
    const [units, parts = ""] = said.split(".");
    return BigInt((units || "0") + parts.padEnd(places, "0").slice(0, places));
  }

  const divided = (a, b) => (a * 2n + b) / (b * 2n);

  function shown(kopecks) {
    const amount = new Intl.NumberFormat(document.documentElement.lang === "ru" ? "ru" : "en-GB", {
      minimumFractionDigits: 2,
    });
    return `${amount.format(Number(kopecks) / 100)}\u00a0₽`;
  }

  // --- a product as one types or scans it ----------------------------------------------------------

  // Fetches what is offered for a text; whoever asks later is answered last.
  class Finder {
    constructor(input, list, warehouse) {
      Object.assign(this, { input, list, warehouse, asked: 0, timer: null, text: null });
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), TYPING_MS);
    }

    async look() {
      clearTimeout(this.timer);
      const text = this.input.value.trim();
      const turn = ++this.asked;
      if (!text) return this.close();
      const query = new URLSearchParams({ q: text, warehouse_id: this.warehouse() });
      const response = await fetch(`/stock/choices?${query}`, { headers: { "HX-Request": "true" } });
      if (turn !== this.asked || !response.ok) return;
      this.list.innerHTML = await response.text();
      this.text = text;
      for (const [i, option] of this.options().entries()) option.id = `${this.list.id}-${i}`;
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      this.mark(0);
    }

    // The option that Enter means, once the list is about what the field says.
    async meant() {
      if (this.text !== this.input.value.trim() || this.list.hidden) await this.look();
      return this.list.hidden ? null : this.options()[this.at] ?? null;
    }

    options() {
      return [...this.list.querySelectorAll("[data-id]")];
    }

    mark(at) {
      const options = this.options();
      this.at = Math.max(0, Math.min(at, options.length - 1));
      for (const [i, option] of options.entries()) {
        option.setAttribute("aria-selected", i === this.at ? "true" : "false");
      }
      options[this.at]?.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", options[this.at]?.id ?? "");
    }

    move(step) {
      if (!this.list.hidden) this.mark(this.at + step);
    }

    close() {
      this.asked += 1;
      this.text = null;
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  const finders = new WeakMap();

  function finderOf(input) {
    if (!finders.has(input)) {
      const list = document.getElementById(input.getAttribute("aria-controls"));
      const field = input.closest("[data-warehouse]")?.dataset.warehouse;
      const warehouse = () => input.form?.elements[field]?.value ?? "";
      finders.set(input, new Finder(input, list, warehouse));
    }
    return finders.get(input);
  }

  const isFinder = (element) => element.matches?.('input[role="combobox"][aria-controls]');

  document.addEventListener("input", ({ target }) => {
    if (!isFinder(target)) return;
    const line = target.closest("[data-line]");
    if (line) field(line, "product_id").value = "";
    finderOf(target).later();
  });
  document.addEventListener("focusout", ({ target }) => {
    if (!isFinder(target)) return;
    const finder = finderOf(target);
    setTimeout(() => finder.close(), 150);
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest(".choices-list [data-id]");
    if (!option) return;
    event.preventDefault();
    const list = option.closest("[role=listbox]");
    const input = document.querySelector(`[aria-controls="${CSS.escape(list.id)}"]`);
    chosen(input, option);
  });
  document.addEventListener("keydown", async (event) => {
    if (!isFinder(event.target)) return;
    const finder = finderOf(event.target);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      finder.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && !finder.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      finder.close();
    } else if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      if (event.target.dataset.scan !== undefined) return scanned(event.target, finder);
      const option = await finder.meant();
      if (option) chosen(event.target, option);
    }
  });

  function chosen(input, option) {
    if (input.dataset.scan !== undefined) {
      const form = input.form;
      finderOf(input).close();
      input.value = "";
      return count(form, { product_id: option.dataset.id });
    }
    fill(input.closest("[data-line]"), option);
  }

  // --- the lines of a document ---------------------------------------------------------------------

  const field = (line, name) => line.querySelector(`[name$=".${name}"]`);
  const linesOf = (editor) => [...editor.querySelectorAll("[data-line]")];
  const isEmpty = (line) => !field(line, "find").value.trim() && !field(line, "product_id").value;

  function fill(line, option) {
    const editor = line.closest("[data-lines]");
    const { id, name, units, cost, facts, scanned: unit } = option.dataset;
    finderOf(field(line, "find")).close();
    if (unit !== undefined) {
      // Scanned once more, it is one more.
      const same = linesOf(editor).find((each) => each !== line
        && field(each, "product_id").value === id && field(each, "measure").value === unit);
      if (same) {
        const more = (whole(field(same, "quantity").value, 3) ?? 0n) + 1000n;
        field(same, "quantity").value = plain(more);
        field(line, "find").value = "";
        flash(same);
        refresh(editor);
        return field(line, "find").focus();
      }
    }
    field(line, "product_id").value = id;
    field(line, "find").value = name;
    line.querySelector(".line-facts").textContent = facts;
    const measure = field(line, "measure");
    measure.replaceChildren(...units.split("|").map((each, i) => new Option(each, i ? each : "")));
    measure.value = unit ?? "";
    const price = field(line, "cost");
    if (price && !price.value) price.value = cost;
    const quantity = field(line, "quantity");
    if (unit !== undefined && !quantity.value) quantity.value = "1";
    refresh(editor);
    if (unit !== undefined) {
      flash(line);
      return nextLine(line);
    }
    quantity.focus();
    quantity.select();
  }

  function plain(thousandths) {
    const text = String(thousandths).padStart(4, "0");
    return `${text.slice(0, -3)}.${text.slice(-3)}`.replace(/\.?0+$/, "");
  }

  function flash(line) {
    line.classList.add("table-success");
    setTimeout(() => line.classList.remove("table-success"), 600);
  }

  function nextLine(line) {
    const lines = linesOf(line.closest("[data-lines]"));
    const next = lines[lines.indexOf(line) + 1];
    field(next ?? line, next ? "find" : "quantity").focus();
  }

  // One empty line at the end, numbers without gaps, sums as they are now.
  function refresh(editor) {
    const body = editor.querySelector("tbody");
    const lines = linesOf(editor);
    const busy = lines.filter((line) => !isEmpty(line) || line.contains(document.activeElement));
    for (const line of lines) if (!busy.includes(line)) line.remove();
    if (!busy.length || !isEmpty(busy.at(-1))) {
      body.append(editor.querySelector("template").content.cloneNode(true));
    }
    for (const [i, line] of linesOf(editor).entries()) {
      for (const named of line.querySelectorAll("[name]")) {
        named.name = named.name.replace(/^lines\.\d+\./, `lines.${i}.`);
      }
      line.querySelector("[role=listbox]").id = `choices-${i}`;
      field(line, "find").setAttribute("aria-controls", `choices-${i}`);
    }
    reckon(editor.closest("form"));
  }

  function reckon(form) {
    const ticked = (name) => form.querySelector(`[name="${name}"][type=checkbox]`)?.checked;
    const included = ticked("prices_include_vat");
    const sums = { goods: 0n, vat: 0n, extra: 0n };
    const add = (into, amount, percent) => {
      const part = (percent ?? 0n) * amount;
      const vat = included ? divided(part, 10000n + (percent ?? 0n)) : divided(part, 10000n);
      sums[into] += included ? amount - vat : amount;
      sums.vat += vat;
    };
    for (const line of form.querySelectorAll("[data-line]")) {
      const quantity = whole(field(line, "quantity").value, 3);
      const cost = whole(field(line, "cost")?.value, 2);
      const known = quantity !== null && cost !== null;
      const sum = known ? divided(quantity * cost, 1000n) : 0n;
      if (known) add("goods", sum, whole(field(line, "vat_percent")?.value, 2));
      const cell = line.querySelector("[data-sum]");
      if (cell) cell.textContent = known ? shown(sum) : "";
    }
    for (const extra of form.querySelectorAll(".extra-cost")) {
      const amount = whole(extra.querySelector('[name$=".amount"]').value, 2);
      const percent = whole(extra.querySelector('[name$=".vat_percent"]').value, 2);
      if (amount !== null) add("extra", amount, percent);
    }
    const totals = form.querySelector("[data-totals]");
    if (!totals) return;
    totals.hidden = false;
    sums.all = sums.goods + sums.vat + sums.extra;
    for (const [name, sum] of Object.entries(sums)) {
      totals.querySelector(`[data-total="${name}"]`).textContent = shown(sum);
    }
  }

  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form");
    if (form?.querySelector("[data-lines]")) reckon(form);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const form = event.target.closest?.("form");
    if ((event.ctrlKey || event.metaKey) && form?.querySelector("[data-lines]")) {
      event.preventDefault();
      return form.requestSubmit();
    }
    const editor = event.target.closest?.("[data-lines]");
    if (!editor) return;
    const line = event.target.closest("[data-line]");
    if (!line || isFinder(event.target) || event.target.matches("button")) return;
    event.preventDefault();
    const cost = field(line, "cost");
    if (event.target === field(line, "quantity") && cost) {
      cost.focus();
      cost.select();
    } else {
      refresh(editor);
      nextLine(line);
    }
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-remove-line]");
    if (!button) return;
    const editor = button.closest("[data-lines]");
    button.closest("[data-line]").remove();
    refresh(editor);
    field(linesOf(editor).at(-1), "find").focus();
  });

  // --- counting: every scan is one more ------------------------------------------------------------

  let sound = null;

  function beep(good) {
    try {
      sound ??= new AudioContext();
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      tone.frequency.value = good ? 1320 : 220;
      volume.gain.value = 0.15;
      tone.connect(volume).connect(sound.destination);
      tone.start();
      tone.stop(sound.currentTime + (good ? 0.09 : 0.35));
    } catch {
      // A device without sound still shows it.
    }
    navigator.vibrate?.(good ? 40 : [120, 60, 120]);
  }

  async function scanned(input, finder) {
    const code = input.value.trim();
    if (!code) return;
    if (finder.options().length && finder.text === code && finder.list.hidden === false
        && !finder.options()[finder.at].hasAttribute("data-scanned")) {
      return chosen(input, finder.options()[finder.at]);
    }
    // What is scanned next may come before this is answered.
    finder.close();
    input.value = "";
    await count(input.form, { barcode: code });
  }

  // One after another, as they were scanned, whatever the page has become meanwhile; sent again
  // under the same key, a scan counts once.
  let queue = Promise.resolve();

  function count(form, what) {
    const quantity = form.elements.quantity.value.replace(",", ".").trim() || "1";
    form.elements.quantity.value = "1";
    const { api, person } = form.dataset;
    // Whatever happens to one, the next ones are counted.
    queue = queue.then(() => told({ api, person, quantity }, what)).catch(() => say(false, what));
    return queue;
  }

  // A code that is on no package may well be a number or a name that means one product.
  async function meantBy(text) {
    const response = await fetch(`/stock/choices?${new URLSearchParams({ q: text })}`).catch(() => null);
    const list = document.createElement("ul");
    list.innerHTML = response?.ok ? await response.text() : "";
    const options = list.querySelectorAll("[data-id]");
    return options.length === 1 ? { product_id: options[0].dataset.id } : null;
  }

  async function sent({ api, person, quantity }, what) {
    const key = app.newKey();
    let answer = null, reply = null;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        answer = await fetch(api, {
          method: "POST",
          body: JSON.stringify({ ...what, quantity }),
          headers: {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Accept-Language": document.documentElement.lang,
            // Another person may have signed in meanwhile: what was scanned is not theirs.
            "Pitlane-Person": encodeURIComponent(person),
          },
        });
        // One that broke off on its way may well have counted: it is asked for again, too.
        reply = await answer.json();
        if (answer.status !== 503) break;
      } catch {
        answer = reply = null;
      }
      await new Promise((again) => { setTimeout(again, 400 * (attempt + 1)); });
    }
    return { good: Boolean(answer?.ok), reply };
  }

  async function told(scan, what) {
    let { good, reply } = await sent(scan, what);
    if (reply?.code === "barcode_not_found") {
      const meant = await meantBy(what.barcode);
      if (meant) ({ good, reply } = await sent(scan, meant));
    }
    say(good, what, reply);
  }

  function say(good, what, reply) {
    const said = document.getElementById("scan-said");
    if (!said) return; // The page was left while it waited.
    said.className = `scan-said ${good ? "ok" : "no"}`;
    said.querySelector("[data-said]").textContent = good
      ? reply.product
      : `${what.barcode ?? ""} ${reply?.detail ?? said.dataset.offline}`.trim();
    said.querySelector("b").textContent = good ? `${Number(reply.counted)} ${reply.measure}` : "";
    beep(good);
  }

  // --- the camera, where the browser can read codes ------------------------------------------------

  const PAUSE_MS = 1500;

  async function camera(dialog) {
    const video = dialog.querySelector("video");
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const detector = new BarcodeDetector();
    const form = document.querySelector("form[data-api]");
    let last = { code: "", at: 0 };
    video.srcObject = stream;
    await video.play();
    dialog.addEventListener("close", () => {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    }, { once: true });
    while (dialog.open) {
      const [found] = await detector.detect(video).catch(() => []);
      const now = Date.now();
      if (found && (found.rawValue !== last.code || now - last.at > PAUSE_MS)) {
        last = { code: found.rawValue, at: now };
        count(form, { barcode: found.rawValue });
      } else if (found) {
        last.at = now;
      }
      await new Promise(requestAnimationFrame);
    }
  }

  document.addEventListener("click", ({ target }) => {
    const opener = target.closest("[data-camera]");
    if (!opener) return;
    const dialog = document.querySelector(opener.dataset.camera);
    dialog.showModal();
    camera(dialog).catch((error) => {
      dialog.querySelector("[data-said]").textContent = error.message;
    });
  });

  // --- what a page has when it comes ---------------------------------------------------------------

  function ready() {
    for (const editor of document.querySelectorAll("[data-lines]")) refresh(editor);
    const cameras = "BarcodeDetector" in window && navigator.mediaDevices;
    for (const opener of document.querySelectorAll("[data-camera]")) opener.hidden = !cameras;
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
  document.addEventListener("htmx:after:swap", ready);
})();
