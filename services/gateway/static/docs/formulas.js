// What the page can do beside being read: finding a name, trying a text out, and signing in for both.
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

async function send(form, path, said, language) {
  const output = form.querySelector("output");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify(said),
    });
    const told = await answer.json();
    output.textContent = answer.ok ? told.text || "—" : told.detail;
    return answer.ok;
  } catch {
    output.textContent = form.dataset.failed;
    return false;
  }
}

const trial = document.querySelector(".trial");

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
  await send(trial, "/api/v1/formulas/try", said, said.language);
}

trial.addEventListener("submit", compute);
trial.hidden = false;

const signIn = document.querySelector(".sign-in");

async function enter(event) {
  event.preventDefault();
  const said = Object.fromEntries(new FormData(signIn));
  if (await send(signIn, "/api/v1/session", said, document.documentElement.lang)) {
    location.reload();
  }
}

if (signIn) {
  signIn.addEventListener("submit", enter);
  signIn.hidden = false;
}
