// Cards are dragged, or moved by keys: arrows go from card to card, [ and ] (or Alt and arrows)
// take a card a step back or on. The server says what becomes of it; a card that may not go where
// it was put goes back, and it is told why.

(() => {
  const STEPS = ["new", "in_progress", "done"];

  const board = () => document.getElementById("board");
  const cardOf = (element) => element.closest?.(".board-card");
  const laneOf = (element) => element.closest(".lane");

  // --- moving a card ------------------------------------------------------------------------------

  async function renew() {
    document.activeElement?.closest?.(".board-card") && keepFocus();
    app.look({ topic: "refresh", id: null });
  }

  let focused = null;
  function keepFocus() {
    focused = document.activeElement?.id ?? null;
  }

  // One after the other. What a move is sent with is taken when the card is put down: whoever
  // follows a link meanwhile leaves the board, and what was put down is done all the same.
  let moving = Promise.resolve(), queued = 0;
  function move(card, to) {
    const form = board();
    document.getElementById("problems").replaceChildren();
    if (card.dataset.status === "done" && !confirm(form.dataset.reopens)) return renew();
    const { id, dataset: { order, revision } } = card;
    const values = { ...Object.fromEntries(new FormData(form)), _key: app.newKey() };
    const action = form.getAttribute("action");
    queued += 1;
    return moving = moving.then(() => {
      queued -= 1;
      // An earlier move of the same card has given it a new revision.
      const seen = document.getElementById(id)?.dataset.revision ?? revision;
      return send(action, { ...values, move: `${order}:${to}:${seen}` });
    }).catch(() => { app.tell(); return renew(); });
  }

  async function send(action, values) {
    const form = board();
    if (!form) return htmx.ajax("POST", action, { target: "#problems", swap: "none", values });
    keepFocus();
    await htmx.ajax("POST", action, {
      source: form, target: form, select: "#board", swap: "outerMorph", values,
    });
    if (document.querySelector("#problems .problem")) renew();
  }

  // Another address altogether would end what waits here: the browser asks first.
  addEventListener("beforeunload", (event) => { if (queued) event.preventDefault(); });

  function put(card, lane, from) {
    const { to, why } = lane.dataset;
    if (to && to !== card.dataset.status) return move(card, to);
    app.tell(to ? from.dataset.why : why);
    return renew();
  }

  // --- dragging -----------------------------------------------------------------------------------

  function arrange() {
    if (!board() || !window.Sortable || matchMedia("(max-width: 62rem)").matches) return;
    for (const list of document.querySelectorAll(".lane-cards")) {
      if (Sortable.get(list)) continue;
      Sortable.create(list, {
        group: "board",
        sort: false,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        filter: ".card-menu",
        preventOnFilter: false,
        onStart: ({ item }) => { item.dataset.busy = ""; },
        onUnchoose: ({ item }) => { delete item.dataset.busy; },
        onMove: ({ to }) => {
          for (const lane of document.querySelectorAll(".lane")) lane.classList.toggle("is-target", lane === laneOf(to));
        },
        onEnd: ({ item, from, originalEvent }) => {
          document.querySelector(".lane.is-target")?.classList.remove("is-target");
          // Where it was let go counts. Where it was last drawn, the pointer may have left already.
          const under = document.elementFromPoint(originalEvent.clientX, originalEvent.clientY);
          const lane = under?.closest(".lane");
          const stays = !lane || lane === laneOf(from);
          if (laneOf(item) !== (stays ? laneOf(from) : lane)) {
            (stays ? from : lane.querySelector(".lane-cards")).append(item);
          }
          return stays ? renew() : put(item, lane, laneOf(from));
        },
      });
    }
  }

  // The browser takes it up a moment before onStart: no renewal slips in between.
  document.addEventListener("dragstart", ({ target }) => {
    const card = cardOf(target);
    if (card && card === window.Sortable?.dragged) card.dataset.busy = "";
  }, true);

  // --- keys ---------------------------------------------------------------------------------------

  const visible = (list) => [...list.querySelectorAll(".board-card")];

  function go(card, key) {
    const lanes = [...document.querySelectorAll(".lane-cards")].filter((list) => list.children.length);
    const list = card.parentElement;
    const at = visible(list).indexOf(card);
    let next = null;
    if (key === "ArrowUp") next = visible(list)[at - 1];
    if (key === "ArrowDown") next = visible(list)[at + 1];
    const beside = lanes[lanes.indexOf(list) + { ArrowLeft: -1, ArrowRight: 1 }[key]];
    if (beside) next = visible(beside)[Math.min(at, beside.children.length - 1)];
    next?.querySelector(".card-number").focus();
  }

  function step(card, by) {
    const to = STEPS[STEPS.indexOf(card.dataset.status) + by];
    if (to) move(card, to);
    else app.tell(laneOf(card).dataset.why);
  }

  document.addEventListener("keydown", (event) => {
    const card = cardOf(event.target);
    if (!card || event.ctrlKey || event.metaKey) return;
    const back = event.code === "BracketLeft" || (event.altKey && event.key === "ArrowLeft");
    const on = event.code === "BracketRight" || (event.altKey && event.key === "ArrowRight");
    if (back || on) step(card, on ? 1 : -1);
    else if (event.key.startsWith("Arrow") && !event.altKey) go(card, event.key);
    else return;
    event.preventDefault();
  });

  // --- menus --------------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const asks = event.target.closest?.("[data-confirm]");
    if (asks && !confirm(asks.dataset.confirm)) event.preventDefault();
    for (const menu of document.querySelectorAll(".card-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  }, true);

  // An open menu is not taken from under the pointer by what somebody else does meanwhile.
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.(".card-menu")) return;
    if (target.open) target.dataset.busy = "";
    else {
      delete target.dataset.busy;
      renew();
    }
  }, true);

  document.addEventListener("htmx:after:swap", () => {
    arrange();
    // Given back to what was moved; whoever has gone on meanwhile stays where they are.
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
    focused = null;
  });
  // What is overdue becomes so by time alone.
  setInterval(() => { if (board()) renew(); }, 60_000);
  // A page that is fetched brings its scripts in any order.
  if (!window.Sortable) document.querySelector('script[src*="Sortable"]')?.addEventListener("load", arrange);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrange);
  else arrange();
})();
