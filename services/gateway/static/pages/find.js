// The box that finds anything: arrows go through what was found, Enter opens it.

(() => {
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

  document.addEventListener("keydown", (event) => {
    if (event.target !== input() || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && input().dataset.shown === input().value) {
      (document.querySelector(".found-item.chosen") ?? items()[0])?.click();
    } else if (event.key !== "Enter") return;
    event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.sourceElement !== input()) return;
    input().dataset.shown = new URL(detail.ctx.request.action, location).searchParams.get("q") ?? "";
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-find]") && input()) {
      input().select();
      input().dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (event.target.closest(".found-item")) document.getElementById("find")?.close?.();
  });
})();
