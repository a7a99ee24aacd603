// The box that finds anything: arrows go through what was found, Enter opens it.

(() => {
  const AGAIN_MS = 1000, LONGEST_MS = 30000;
  const input = () => document.getElementById("find-q");
  const items = () => [...document.querySelectorAll("#findings .found-item")];

  function choose(by) {
    const all = items();
    if (!all.length) return;
    const at = all.indexOf(document.querySelector(".found-item.chosen"));
    all[at]?.classList.remove("chosen");
    const chosen = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
    chosen.classList.add("chosen");
    chosen.scrollIntoView({ block: "nearest" });
  }

  const isShown = () => input().dataset.shown === input().value;
  const isWhole = () => isShown() && !document.querySelector("#findings [data-incomplete]");
  const ask = () => input().dispatchEvent(new Event("input", { bubbles: true }));

  // What was chosen among what is shown.
  let chosen = null;

  // What did not come, or not all of it, is asked for as long as somebody looks: later each time.
  let wait = AGAIN_MS, retry = null;
  function askAgain() {
    clearTimeout(retry);
    retry = setTimeout(() => { if (input()?.checkVisibility() && !isWhole()) ask(); }, wait);
    wait = Math.min(2 * wait, LONGEST_MS);
  }

  // Keys that were pressed before the answer was there count when it is.
  let ahead = [];

  function press(key) {
    if (key === "Enter") (document.querySelector(".found-item.chosen") ?? items()[0])?.click();
    else choose(key === "ArrowDown" ? 1 : -1);
  }

  document.addEventListener("keydown", (event) => {
    if (event.target !== input() || event.isComposing) return;
    if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (isShown()) press(event.key);
    else ahead.push(event.key);
  });

  function begin() {
    ahead = [];
    wait = AGAIN_MS;
  }

  document.addEventListener("input", ({ target, isTrusted }) => {
    if (target === input() && isTrusted) begin();
  });

  const queryOf = (ctx) => new URL(ctx.request.action, location).searchParams.get("q") ?? "";

  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== input()) return;
    const same = input().dataset.shown === queryOf(ctx);
    chosen = same ? document.querySelector(".found-item.chosen")?.getAttribute("href") : null;
  });

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== input()) return;
    input().dataset.shown = queryOf(ctx);
    if (!isShown()) return;
    items().find((item) => item.getAttribute("href") === chosen)?.classList.add("chosen");
    for (const key of ahead.splice(0)) if (input().checkVisibility()) press(key);
  });

  // A part of the station, or all of it, was too slow or away.
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === input() && queryOf(ctx) === input().value && !isWhole()) askAgain();
  });

  // A page that was on its way when the box was opened comes with an empty one.
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target === document.body && document.getElementById("find")?.open) ask();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-find]") && input()) {
      document.querySelector(".found-item.chosen")?.classList.remove("chosen");
      begin();
      input().select();
      ask();
    }
    if (event.target.closest(".found-item")) document.getElementById("find")?.close?.();
  });

  // htmx begins to listen when the page is there, as we do after it: whoever was quicker is heard now.
  setTimeout(() => { if (document.getElementById("find")?.open && !isShown()) ask(); });
})();
