// What the page can do beside being read: finding a name, and trying a text out.
"use strict";

const search = document.getElementById("search");
const sections = [...document.querySelectorAll(".formulas section")];
const nothing = document.querySelector(".nothing");

function find() {
  const wanted = search.value.trim().toLowerCase();
  let found = 0;
  for (const section of sections) {
    const ofSection = section.querySelector("h2").textContent.toLowerCase().includes(wanted);
    let here = 0;
    for (const row of section.querySelectorAll("tbody tr")) {
      row.hidden = !ofSection && !row.textContent.toLowerCase().includes(wanted);
      here += row.hidden ? 0 : 1;
    }
    section.hidden = here === 0;
    found += here;
  }
  nothing.hidden = found > 0;
}

search.addEventListener("input", find);
search.parentElement.hidden = false;

const trial = document.querySelector(".trial");
const output = trial.querySelector("output");

async function compute(event) {
  event.preventDefault();
  const said = {
    text: document.getElementById("trial").value,
    kind: new FormData(trial).get("kind"),
    language: trial.dataset.language,
  };
  if (trial.dataset.order) {
    said.order_id = trial.dataset.order;
  }
  try {
    const answer = await fetch("/api/v1/formulas/try", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": said.language },
      body: JSON.stringify(said),
    });
    const told = await answer.json();
    output.textContent = answer.ok ? told.text || "—" : told.detail;
  } catch {
    output.textContent = trial.dataset.failed;
  }
}

trial.addEventListener("submit", compute);
trial.hidden = false;
