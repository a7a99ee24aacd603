// Sums while they are typed. Kopecks are whole numbers here: nothing is lost to fractions.

(() => {
  const kopecks = (said) => {
    const text = said.replace(/\s/g, "").replace(",", ".");
    if (text === "") return 0;
    return /^\d+(\.\d{1,2})?$/.test(text) ? Math.round(parseFloat(text) * 100) : NaN;
  };
  const plain = (amount) => (amount / 100).toFixed(2);
  // As pages write it.
  const figures = () => new Intl.NumberFormat(document.documentElement.lang === "ru" ? "ru" : "en-GB", {
    minimumFractionDigits: 2,
  });
  const money = (amount) => `${figures().format(amount / 100)}\u00a0₽`;

  function reckon(form) {
    const due = [...form.querySelectorAll("[data-order]:checked")].reduce(
      (sum, box) => sum + kopecks(form.querySelector(`[name="amount.${box.value}"]`).value), 0);
    const parts = [...form.querySelectorAll("[data-part]")];
    const said = parts.reduce((sum, part) => sum + kopecks(part.value), 0);
    form.querySelector("[data-total]").textContent = Number.isNaN(due) ? "—" : money(due);
    form.querySelector("[data-differs]").hidden = due === said;
    const beyond = [...form.querySelectorAll("[data-order]:checked")].reduce((sum, box) => {
      const share = form.querySelector(`[name="amount.${box.value}"]`);
      return sum + Math.max(kopecks(share.value) - kopecks(share.defaultValue), 0);
    }, 0);
    form.querySelector("[data-beyond-line]").hidden = !(beyond > 0);
    form.querySelector("[data-beyond]").textContent = money(beyond || 0);
    const cash = kopecks(form.querySelector('[data-part="cash"]')?.value ?? "");
    const given = kopecks(form.querySelector("[data-tendered]").value);
    const change = given - cash;
    const line = form.querySelector("[data-change-line]");
    line.hidden = !(given > 0 && change >= 0);
    form.querySelector("[data-change]").textContent = money(Math.max(change, 0) || 0);
    return { due, said, parts };
  }

  function count(form) {
    const notes = [...form.querySelectorAll("[data-note]")];
    const total = notes.reduce(
      (sum, note) => sum + Number(note.dataset.note) * 100 * (parseInt(note.value, 10) || 0), 0);
    const counted = form.querySelector("[data-counted]");
    if (total > 0) counted.value = plain(total);
    const difference = kopecks(counted.value) - kopecks(counted.dataset.counted.replace("-", ""));
    const line = form.querySelector("[data-difference-line]");
    line.hidden = counted.value === "" || Number.isNaN(difference);
    line.classList.toggle("overdue", difference < 0);
    form.querySelector("[data-difference]").textContent = money(difference || 0);
  }

  document.addEventListener("input", ({ target }) => {
    const paying = target.closest("[data-pay]");
    if (paying) {
      // One method, not touched by hand, goes with the orders.
      if (target.matches("[data-order], [data-share]")) {
        const { due, parts } = reckon(paying);
        const used = parts.filter((part) => part.value !== "");
        if (used.length === 1 && !Number.isNaN(due)) used[0].value = plain(due);
      }
      reckon(paying);
    }
    const counting = target.closest("[data-count]");
    if (counting) count(counting);
  });

  document.addEventListener("click", ({ target }) => {
    const rest = target.closest("[data-rest]");
    if (rest) {
      const form = rest.closest("[data-pay]");
      const own = form.querySelector(`[data-part="${rest.dataset.rest}"]`);
      own.value = "";
      const { due, said } = reckon(form);
      if (due > said) own.value = plain(due - said);
      reckon(form);
    }
  });

  // What was typed before this was here counts as well, and what a new page brings.
  function look() {
    document.querySelectorAll("[data-pay]").forEach(reckon);
    document.querySelectorAll("[data-count]").forEach(count);
  }
  document.addEventListener("htmx:after:swap", look);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", look);
  else look();
})();
