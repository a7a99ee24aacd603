// What a technician does on the phone is a request that waits in the phone's own database until
// the station has answered it: made in a cellar, sent upstairs, after a reload or days later, in
// the order in which it was made, and each with a key of its own, so that it takes effect once.

const bay = (() => {
  const DATABASE = "pitlane-bay", ACTIONS = "actions", ABOUT = "about";
  const ANSWER_MS = 30000, RETRY_MS = 4000;
  const SLOWEST_BYTES_PER_MS = 4;
  const MAX_SIDE_PX = 1600, QUALITY = 0.85;
  const PAGES = "pitlane-bay-pages";

  // --- the phone's database ----------------------------------------------------------------------

  const promised = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  let opened = null;
  function database() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(ACTIONS, { keyPath: "seq", autoIncrement: true });
        request.result.createObjectStore(ABOUT);
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }

  async function table(name, mode, does) {
    const transaction = (await database()).transaction(name, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const answer = await promised(does(transaction.objectStore(name)));
    await ended;
    return answer;
  }

  const whole = () => document.getElementById("bay-queue");
  const person = () => whole()?.dataset.person ?? "";

  async function actions() {
    const all = await table(ACTIONS, "readonly", (store) => store.getAll());
    return all.filter((action) => action.person === person());
  }

  // --- forms become requests ---------------------------------------------------------------------

  function bodyOf(form) {
    const body = {};
    for (const [name, value] of new FormData(form)) {
      if (name.startsWith("_") || name === "next" || value instanceof File || value === "") continue;
      const way = name.split(".");
      let node = body;
      for (const [index, step] of way.entries()) {
        if (index === way.length - 1) node[step] = step === "quantity" ? value.replace(",", ".") : value;
        else node = node[step] ??= /^\d+$/.test(way[index + 1]) ? [] : {};
      }
    }
    return body;
  }

  async function keep(form) {
    const [method, path] = form.dataset.api.split(" ");
    const card = form.closest(".bay-card");
    const at = new Date().toISOString();
    const common = { person: person(), at, state: "waiting", label: form.dataset.label };
    const effect = card && form.dataset.then
      ? { ...card.dataset, state: form.dataset.then, since: at }
      : null;
    const made = [];
    if (form.dataset.stops && card?.dataset.state === "running") {
      // The clock stops when the work is ticked, not when the phone has a connection again.
      const [way, where] = form.dataset.stops.split(" ");
      made.push({ ...common, method: way, path: where, body: { at }, key: app.newKey(), effect: null });
    }
    const file = form.querySelector("input[type=file]")?.files[0];
    if (file) {
      const query = new URLSearchParams(Object.entries(bodyOf(form)));
      const photo = await smaller(file);
      made.push({ ...common, method, path: `${path}?${query}`, file: photo, key: app.newKey(), effect });
    } else {
      const body = bodyOf(form);
      if ("timed" in form.dataset) body.at = at;
      if (form.dataset.then === "running") {
        const clock = document.getElementById("bay-clock").dataset;
        delete body.stops;
        if (clock.line && clock.line !== card.dataset.line) body.stops = { order_id: clock.order, line_id: clock.line };
      }
      made.push({ ...common, method, path, body, key: app.newKey(), effect });
    }
    for (const action of made) await table(ACTIONS, "readwrite", (store) => store.add(action));
    if (form.matches(".bay-photo, [data-clears]")) form.reset();
    form.removeAttribute("data-busy");
    await show();
    pump();
    if (form.dataset.goes) location.assign(form.dataset.goes);
  }

  // A phone's photo has many times the pixels that are kept: those go over no weak connection.
  async function smaller(file) {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, MAX_SIDE_PX / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY)) ?? file;
    } catch {
      return file; // The station says what it thinks of it.
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-api]");
    if (!form || !whole()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keep(form).catch(() => {
      // No database on this phone (a private window): as without scripts.
      delete form.dataset.api;
      form.requestSubmit();
    });
  }, true);

  // What is being typed is not morphed away by what happened elsewhere.
  document.addEventListener("input", ({ target }) => {
    if (!whole() || !target.form) return;
    const fields = [...target.form.querySelectorAll("input:not([type=hidden]), textarea")];
    target.form.toggleAttribute("data-busy", fields.some((field) => field.value !== field.defaultValue));
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches(".bay-file") && event.target.files.length) event.target.form.requestSubmit();
  });

  // --- sending, one after the other --------------------------------------------------------------

  let pumping = false, timer = null;

  async function pump() {
    if (pumping || !whole()) return;
    pumping = true;
    clearTimeout(timer);
    let stuck = true;
    try {
      // Of several windows one sends; where there are no locks, the keys see to it.
      stuck = navigator.locks ? await navigator.locks.request("pitlane-bay", sendAll) : await sendAll();
    } catch {
      // The database is busy or gone: later.
    } finally {
      pumping = false;
    }
    // What was done while another was on its way is sent at once.
    if ((await actions()).some((action) => action.state === "waiting")) timer = setTimeout(pump, stuck ? RETRY_MS : 0);
  }

  // Whether some are left that cannot be sent now.
  async function sendAll() {
    let sent = 0, stuck = false;
    for (const action of await actions()) {
      if (action.state !== "waiting") continue;
      const end = await send(action);
      if (end === "later" || end === "sign-in") {
        stuck = true;
        await show(end);
        break;
      }
      if (end === "done") {
        await table(ACTIONS, "readwrite", (store) => store.delete(action.seq));
        sent += 1;
      } else {
        await table(ACTIONS, "readwrite", (store) => store.put({ ...action, state: "refused", why: end.why }));
      }
      await show();
    }
    if (sent && document.getElementById("page").matches(".bay")) await app.renew("page");
    return stuck;
  }

  async function send(action) {
    const headers = { "Idempotency-Key": action.key, "Accept-Language": document.documentElement.lang };
    // Another person may have signed in meanwhile: then it waits for whoever did it.
    headers["Pitlane-Person"] = encodeURIComponent(action.person);
    headers["Content-Type"] = action.file ? action.file.type || "application/octet-stream" : "application/json";
    const given = new AbortController();
    // A photo is given the time that it takes over the weakest connection.
    const upload = (action.file?.size ?? 0) / SLOWEST_BYTES_PER_MS;
    const patience = setTimeout(() => given.abort(), ANSWER_MS + upload);
    try {
      const response = await fetch(action.path, {
        method: action.method,
        headers,
        body: action.file ?? JSON.stringify(action.body),
        signal: given.signal,
      });
      if (response.ok) return "done";
      if (response.status === 401) return "sign-in";
      if ([408, 425, 429].includes(response.status) || response.status >= 500) return "later";
      const problem = await response.json().catch(() => ({}));
      if (problem.code === "form_of_another") return "sign-in";
      return { why: problem.detail ?? problem.title ?? String(response.status) };
    } catch {
      return "later";
    } finally {
      clearTimeout(patience);
    }
  }

  // --- what is shown -----------------------------------------------------------------------------

  async function show(why = null) {
    const place = whole();
    if (!place) return;
    const all = await actions();
    const words = place.dataset;
    const items = all.filter((action) => action.label).map((action) => {
      const item = document.createElement("p");
      item.className = `bay-action bay-${action.state}`;
      const label = document.createElement("strong");
      label.textContent = action.label;
      const state = document.createElement("span");
      state.textContent = action.state === "refused"
        ? `${words.refused}: ${action.why}`
        : why === "sign-in" ? words.signIn : navigator.onLine && why !== "later" ? words.sending : words.waiting;
      item.append(label, state);
      if (action.state === "refused") {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-sm btn-outline-secondary";
        button.textContent = words.dismiss;
        button.addEventListener("click", async () => {
          await table(ACTIONS, "readwrite", (store) => store.delete(action.seq));
          await show();
          await app.renew("page");
        });
        item.append(button);
      }
      return item;
    });
    if (!navigator.onLine) {
      const item = document.createElement("p");
      item.className = "bay-action bay-offline";
      item.textContent = words.offline;
      items.unshift(item);
    }
    place.replaceChildren(...items);
    place.hidden = !items.length;
    for (const action of all) if (action.state === "waiting" && action.effect) pretend(action.effect);
    tickClock();
  }

  // As it will be when the station has heard of it.
  function pretend({ line, state, since, name, number, order, minutes }) {
    const card = document.getElementById(`work-${line}`);
    if (card) {
      card.dataset.state = state;
      card.classList.add("bay-unsent");
    }
    const clock = document.getElementById("bay-clock");
    if (!clock) return;
    if (state === "running") {
      if (clock.dataset.line && clock.dataset.line !== line) {
        const other = document.getElementById(`work-${clock.dataset.line}`);
        if (other) other.dataset.state = "idle";
      }
      Object.assign(clock.dataset, { order, line, since, before: minutes });
      clock.querySelector("[data-name]").textContent = name;
      clock.querySelector("[data-number]").textContent = number;
      clock.querySelector("a").href = `/bay/orders/${order}`;
      clock.hidden = false;
    } else if (clock.dataset.line === line) {
      Object.assign(clock.dataset, { order: "", line: "", since: "" });
      clock.hidden = true;
    }
  }

  function tickClock() {
    const clock = document.getElementById("bay-clock");
    if (!clock?.dataset.since) return;
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000)) + 60 * clock.dataset.before;
    const two = (number) => String(number).padStart(2, "0");
    clock.querySelector("[data-elapsed]").textContent =
      `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  // --- pages that are read without a connection --------------------------------------------------

  async function keepPages() {
    if (!("serviceWorker" in navigator) || !whole()) return;
    try {
      // What one person looked at is not for the next one of this phone.
      const before = await table(ABOUT, "readonly", (store) => store.get("person"));
      if (before !== undefined && before !== person()) await caches.delete(PAGES);
      await table(ABOUT, "readwrite", (store) => store.put(person(), "person"));
      await navigator.serviceWorker.register("/bay-worker.js", { scope: "/bay" });
      const registration = await navigator.serviceWorker.ready;
      const links = [...document.querySelectorAll("a[data-keep]")].map((link) => link.pathname);
      const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], use, img")]
        .map((each) => each.href?.baseVal ?? each.href ?? each.src)
        .map((address) => new URL(address, location).href.split("#")[0]);
      registration.active.postMessage({ pages: [location.pathname, "/bay", "/bay/offline", ...links], files: [...new Set(files)] });
    } catch {
      // Not over a secure connection, or not allowed on this phone: pages work while there is one.
    }
  }

  document.addEventListener("submit", (event) => {
    if (event.target.matches('form[action="/sign-out"]')) globalThis.caches?.delete(PAGES);
  }, true);

  // --- the code on a box -------------------------------------------------------------------------

  async function scan() {
    const dialog = document.getElementById("bay-scan"), video = dialog.querySelector("video");
    let stream = null;
    dialog.addEventListener("close", () => stream?.getTracks().forEach((track) => track.stop()), { once: true });
    dialog.showModal();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      const detector = new BarcodeDetector();
      while (dialog.open) {
        const [code] = await detector.detect(video);
        if (code) {
          const field = document.querySelector("#bay-find [name=q]");
          field.value = code.rawValue;
          dialog.close();
          field.form.requestSubmit();
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    } catch {
      dialog.querySelector("[data-said]").textContent = dialog.dataset.refused;
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-scan]")) scan();
  });

  // --- beginning ---------------------------------------------------------------------------------

  function look() {
    if (!whole()) return;
    document.documentElement.classList.add("bay-scripted");
    const button = document.querySelector("[data-scan]");
    if (button) button.hidden = !("BarcodeDetector" in window && navigator.mediaDevices);
    show().catch(() => {});
  }

  document.addEventListener("htmx:after:settle", look);
  document.addEventListener("htmx:after:settle", keepPages);
  addEventListener("online", () => { look(); pump(); });
  addEventListener("offline", look);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) pump(); });
  setInterval(tickClock, 1000);
  const begin = () => { look(); pump(); keepPages(); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();

  return { pump };
})();
