// The load panel under hands: bars are dragged, stretched, and moved by keys. What is wanted goes
// to the station as a form; until it has said yes, the bar only looks as if it had moved.

(() => {
  const QUARTER_MIN = 15;
  const EDGE_PX = 10;
  const SLACK_PX = 5;
  const SEND_AFTER_MS = 700;

  let wish = null;
  let sent = null;
  let moving = Promise.resolve();
  const waiting = [];
  let answered = () => {};
  let drag = null;
  let timer = null;
  let focused = null;

  // --- where things are ---------------------------------------------------------------------------

  const listed = () => matchMedia("(max-width: 40rem)").matches;
  const quarterWidth = (table) => table.querySelector("thead .load-hour").offsetWidth / 4;

  function rowsOf(table) {
    const seen = new Map();
    for (const row of table.querySelectorAll("tr[data-row]")) {
      if (!seen.has(row.dataset.row)) seen.set(row.dataset.row, row);
    }
    return [...seen.values()];
  }

  // Times are the station's own, without a zone: here they are only counted with.
  function later(local, minutes) {
    const at = new Date(`${local}Z`);
    at.setUTCMinutes(at.getUTCMinutes() + minutes);
    return at.toISOString().slice(0, 16);
  }

  // --- what is wanted of one bar --------------------------------------------------------------------

  function begin(bar) {
    if (wish?.bar === bar) {
      // What it is given now is not on its way yet.
      wish.queued = false;
      return wish;
    }
    if (wish) forget();
    const table = bar.closest("[data-timeline]");
    const rows = rowsOf(table);
    const own = rows.findIndex((row) => row.dataset.row === bar.closest("tr").dataset.row);
    wish = { bar, table, rows, own, row: own, quarters: 0, stretch: 0, width: bar.offsetWidth };
    bar.dataset.busy = "";
    bar.classList.add("load-moving");
    return wish;
  }

  const changed = () => wish.quarters !== 0 || wish.stretch !== 0 || wish.row !== wish.own;

  function draw() {
    const { bar, table, rows, own, row, quarters, stretch, width } = wish;
    const across = quarters * quarterWidth(table);
    const down = rows[row].offsetTop - rows[own].offsetTop;
    bar.style.transform = `translate(${across}px, ${down}px)`;
    bar.style.width = `${width + stretch * quarterWidth(table)}px`;
    const start = later(bar.dataset.start, quarters * QUARTER_MIN).slice(11);
    const end = later(bar.dataset.end, (quarters + stretch) * QUARTER_MIN).slice(11);
    bar.querySelector(".load-time").textContent = `${start}–${end}`;
    document.getElementById("load-said").textContent = `${start}–${end}, ${rows[row].dataset.name}`;
  }

  function forget() {
    clearTimeout(timer);
    if (!wish) return;
    const { bar } = wish;
    wish = null;
    bar.style.transform = bar.style.width = "";
    bar.classList.remove("load-moving", "load-dragged");
    delete bar.dataset.busy;
    const clock = (local) => local.slice(11);
    bar.querySelector(".load-time").textContent =
      `${clock(bar.dataset.start)}–${clock(bar.dataset.end)}`;
  }

  function leave() {
    forget();
    // What changed elsewhere meanwhile was not drawn over the hand.
    app.look({ topic: "load", id: null });
  }

  function send() {
    clearTimeout(timer);
    if (!wish || wish.queued) return;
    const { bar, table, rows, row, own, quarters, stretch } = wish;
    const before = waiting.filter((each) => each.id === bar.id);
    // What it was told before and the station has not answered yet may be taken back.
    const told = (field) => before.some((each) => each.wanted[field] !== null);
    const { field } = table.dataset;
    const wanted = { post_id: null, technician_id: null };
    if (row !== own || told(field)) wanted[field] = rows[row].dataset.row;
    // Moved, it takes as much working time as before; only stretching says when it ends.
    wanted.start = quarters || told("start") ? later(bar.dataset.start, quarters * QUARTER_MIN) : null;
    wanted.end = stretch || told("end") ? later(bar.dataset.end, (quarters + stretch) * QUARTER_MIN) : null;
    if (Object.values(wanted).every((each) => each === null)) return leave();
    // An earlier move of the same bar will have given it a new revision; somebody else's will not do.
    wanted.expected_revision = before.length ? null : bar.dataset.revision;
    const one = wish;
    one.queued = true;
    waiting.push({ id: bar.id, wanted });
    moving = moving.then(() => submit(one, wanted)).catch(() => {
      if (wish === one) leave();
      app.tell();
    }).finally(() => waiting.shift());
  }

  // One after the other: the answer to one draws the day anew, with the form of the next.
  function submit(one, wanted) {
    const form = document.querySelector("[data-move]");
    if (!form) throw new Error("its page was left while it waited");
    const { bar } = one;
    wanted.expected_revision ??= (document.getElementById(bar.id) ?? bar).dataset.revision;
    const values = { ...wanted, _key: app.newKey() };
    for (const [name, value] of Object.entries(values)) {
      form.elements[name].disabled = value === null;
      form.elements[name].value = value ?? "";
    }
    focused = document.activeElement?.id === bar.id ? bar.id : null;
    form.setAttribute("action", `/load/bookings/${bar.dataset.booking}`);
    sent = one;
    return new Promise((done) => {
      answered = done;
      form.requestSubmit();
    });
  }

  // What it was given by keys since is counted from where it stood: it is sent before that is drawn.
  document.addEventListener("htmx:before:swap", ({ detail }) => {
    if (wish && wish === sent && !drag && detail.ctx.sourceElement.matches?.("[data-move]")) send();
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (!detail.ctx.sourceElement.matches?.("[data-move]")) return;
    if (wish === sent) forget();
    // What is in hand goes on from where the answer has put it.
    if (drag?.moved) follow();
    answered();
  });

  // --- by hand ----------------------------------------------------------------------------------

  document.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest("[data-movable]");
    if (!bar || event.button !== 0 || event.pointerType === "touch" || listed()) return;
    const stretches = bar.getBoundingClientRect().right - event.clientX < EDGE_PX;
    drag = { bar, x: event.clientX, y: event.clientY, stretches, moved: false };
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const across = event.clientX - drag.x;
    if (!drag.moved && Math.hypot(across, event.clientY - drag.y) < SLACK_PX) return;
    drag.moved = true;
    drag.at = { x: event.clientX, y: event.clientY };
    follow();
  });

  function follow() {
    const { at, x, stretches } = drag;
    drag.bar = document.getElementById(drag.bar.id);
    if (!drag.bar) {
      drag = null;
      return;
    }
    const now = begin(drag.bar);
    // It may look as if it had moved already: from there it is dragged on.
    if (drag.wish !== now) [drag.wish, drag.quarters, drag.stretch] = [now, now.quarters, now.stretch];
    drag.bar.classList.add("load-dragged");
    const quarters = Math.round((at.x - x) / quarterWidth(now.table));
    if (stretches) {
      now.stretch = Math.max(drag.stretch + quarters, 1 - Math.round(now.width / quarterWidth(now.table)));
    } else {
      now.quarters = drag.quarters + quarters;
      const under = document.elementFromPoint(at.x, at.y)?.closest("tr[data-row]");
      const place = under ? now.rows.findIndex((row) => row.dataset.row === under.dataset.row) : -1;
      if (place >= 0) now.row = place;
    }
    draw();
  }

  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const { bar, moved } = drag;
    bar.classList.remove("load-dragged");
    drag = null;
    if (!moved) return;
    // The click that ends it opens nothing.
    addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stop, { capture: true }));
    send();
  });

  document.addEventListener("pointercancel", () => {
    if (drag?.moved) leave();
    drag = null;
  });

  function stop(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  // --- by keys ------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (drag?.moved || wish)) {
      drag = null;
      leave();
      return;
    }
    const bar = event.target.closest?.("[data-movable]");
    if (!bar || listed() || event.ctrlKey || event.metaKey || event.altKey) return;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!across && !down) {
      if (event.key === "Enter" && wish?.bar === bar) {
        event.preventDefault();
        send();
      }
      return;
    }
    event.preventDefault();
    const now = begin(bar);
    if (event.shiftKey) now.stretch += across;
    else now.quarters += across;
    now.row = Math.min(Math.max(now.row + down, 0), now.rows.length - 1);
    draw();
    clearTimeout(timer);
    timer = setTimeout(send, SEND_AFTER_MS);
  });

  document.addEventListener("focusout", ({ target }) => {
    if (wish && !drag && target === wish.bar && changed()) send();
  });

  // --- the rest of the page -------------------------------------------------------------------------

  document.addEventListener("change", ({ target }) => {
    // Beginning later, it ends later.
    if (target.matches("[data-start]")) {
      const end = target.form.querySelector("[data-end]");
      if (target.value && end.value) {
        const minutes = (new Date(`${target.value}Z`) - new Date(`${target.dataset.before}Z`)) / 60000;
        end.value = later(end.value, minutes);
        target.dataset.before = target.value;
      }
    }
  });

  // Whoever types hours means a week of their own; whoever chooses the station's lets go of them.
  document.addEventListener("input", ({ target }) => {
    const week = target.closest("[data-own-week]");
    if (!week) return;
    if (target.name !== "own") week.querySelector('[name=own][value="true"]').checked = true;
    else if (target.value === "false") {
      for (const hours of week.querySelectorAll(".load-hours input")) hours.value = hours.defaultValue;
    }
  });

  function line() {
    const frame = document.querySelector(".load-frame:has([data-timeline])");
    const hour = frame?.querySelector("[data-now]");
    const mark = frame?.querySelector("[data-now-line]");
    if (!mark) return;
    mark.hidden = !hour;
    if (!hour) return;
    const table = hour.closest("table");
    const part = new Date().getMinutes() / 60;
    mark.style.left = `${hour.offsetLeft + hour.offsetWidth * part}px`;
    mark.style.top = `${hour.offsetHeight}px`;
    mark.style.height = `${table.offsetHeight - hour.offsetHeight}px`;
  }

  function settle() {
    // It stands in the page only while it is wanted.
    const dialog = document.querySelector("dialog.load-dialog:not(:modal)");
    if (dialog) {
      dialog.removeAttribute("open");
      dialog.showModal();
      dialog.querySelector("form[method=post] :is(select, input:not([type=hidden])), .btn-primary")?.focus();
    }
    if (focused && document.activeElement === document.body) {
      document.getElementById(focused)?.focus({ preventScroll: true });
    }
    focused = null;
    line();
  }

  // Closed in whatever way: the address says so, and what changed meanwhile is drawn.
  document.addEventListener("close", ({ target }) => {
    if (!target.matches?.("dialog.load-dialog")) return;
    const link = target.querySelector("[data-leaves]");
    setTimeout(() => {
      if (!target.isConnected || target.open) return;
      target.remove();
      history.replaceState(history.state, "", link.getAttribute("href"));
      app.look({ topic: "load", id: null });
    });
  }, true);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("dialog:modal [data-leaves]")) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.closest("dialog").close();
  }, true);

  document.addEventListener("DOMContentLoaded", settle);
  document.addEventListener("htmx:after:settle", settle);
  addEventListener("resize", line);
  setInterval(line, 60_000);
  if (document.readyState !== "loading") settle();
})();
