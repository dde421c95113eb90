// What the staff's pages do beyond HTML; each of them works without it.
"use strict";

// A moment in the reader's own time zone instead of UTC.
const shown = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "medium", timeStyle: "short" });
function ownTime(part) {
  for (const one of part.querySelectorAll("time[data-instant]")) {
    one.title = one.textContent;
    one.textContent = shown.format(new Date(one.dateTime));
    one.removeAttribute("data-instant");
  }
}
ownTime(document);
// What moved by itself is also said: the parts with data-told, when they have been still, and not without end.
const status = document.getElementById("told");
let heard = 0, soon;
function tell() {
  clearTimeout(soon);
  soon = setTimeout(() => {
    const said = [...document.querySelectorAll("[data-told]")].map((one) => one.textContent.trim().replace(/\s+/g, " ")).join(", ");
    if (said === status.textContent) return;
    status.textContent = said;
    heard = Date.now();
  }, Math.max(1000, heard + 10_000 - Date.now()));
}
document.addEventListener("htmx:after:swap", () => { ownTime(document); tell(); });
// A button that changed the form around it was replaced with it: the keyboard goes on at the same one, or at the last.
let pressed;
document.addEventListener("htmx:before:request", (event) => { pressed = event.target.matches("button") ? event.target.value : undefined; });
document.addEventListener("htmx:after:swap", () => {
  if (!pressed || document.activeElement !== document.body) return;
  const buttons = [...document.querySelectorAll("button[data-hx-post]")];
  (buttons.find((one) => one.value === pressed) ?? buttons.at(-1))?.focus();
});

// <section data-live="/runs/x/live">: the server sends the part anew whenever it changed, and "end" when it is final.
// Whoever reads it keeps the place: what is open, how far a table is scrolled, where the keyboard is.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  const all = (kind) => [...part.querySelectorAll(kind)];
  const stops = "a, button, summary, [tabindex]";
  source.onmessage = (event) => {
    const open = all("details").map((one) => one.open);
    const scrolled = all(".scroll").map((one) => one.scrollLeft);
    const focused = all(stops).indexOf(document.activeElement);
    part.innerHTML = event.data;
    all("details").forEach((one, place) => { one.open = open[place] ?? false; });
    all(".scroll").forEach((one, place) => { one.scrollLeft = scrolled[place] ?? 0; });
    all(stops)[focused]?.focus({ preventScroll: true });
    ownTime(part);
    htmx.process(part);
    tell();
  };
  source.addEventListener("end", () => source.close());
  addEventListener("pagehide", () => source.close());
}

// A form is sent once: what the second click of a double click sends would be done twice, or hide what the first one said.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.ariaBusy) event.preventDefault();
  form.ariaBusy = "true";
  setTimeout(() => { form.ariaBusy = null; }, 5000);
});
addEventListener("pageshow", () => { for (const form of document.forms) form.ariaBusy = null; });

// <label data-drop> around a file input: a file may be dropped on it.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("[data-name]");
  const tell = () => { if (name && input.files[0]) name.textContent = input.files[0].name; };
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; tell(); }
    });
  }
  input.addEventListener("change", tell);
}

// <button data-confirm="Really?">
document.addEventListener("click", (event) => {
  const asked = event.target.closest?.("[data-confirm]");
  if (asked && !confirm(asked.dataset.confirm)) event.preventDefault();
});
