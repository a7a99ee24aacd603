// The box that finds anything: arrows go through what was found, Enter opens it.

(() => {
  const AGAIN_MS = 1000, TRIES = 5;
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
  const ask = () => input().dispatchEvent(new Event("input", { bubbles: true }));

  // What was chosen among what is shown, and how often that was asked for again.
  let chosen = null, tries = 0;

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

  document.addEventListener("input", ({ target }) => {
    if (target === input()) ahead = [];
  });

  const queryOf = (ctx) => new URL(ctx.request.action, location).searchParams.get("q") ?? "";

  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== input()) return;
    const same = input().dataset.shown === queryOf(ctx);
    chosen = same ? document.querySelector(".found-item.chosen")?.getAttribute("href") : null;
    if (!same) tries = 0;
  });

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement !== input()) return;
    input().dataset.shown = queryOf(ctx);
    if (!isShown()) return;
    items().find((item) => item.getAttribute("href") === chosen)?.classList.add("chosen");
    // A part of the station was too slow or away: what it would have found is asked for again.
    const asked = input().value, open = ahead.includes("Enter");
    if (document.querySelector("#findings [data-incomplete]") && !open && tries < TRIES) {
      tries += 1;
      setTimeout(() => { if (input()?.value === asked && input().checkVisibility()) ask(); }, AGAIN_MS);
    }
    for (const key of ahead.splice(0)) press(key);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-find]") && input()) {
      document.querySelector(".found-item.chosen")?.classList.remove("chosen");
      tries = 0;
      input().select();
      ask();
    }
    if (event.target.closest(".found-item")) document.getElementById("find")?.close?.();
  });
})();
