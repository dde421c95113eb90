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
document.addEventListener("htmx:after:swap", () => ownTime(document));

// <section data-live="/runs/x/live">: the server sends the part anew whenever it changed, and "end" when it is final.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.onmessage = (event) => {
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = event.data;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
    ownTime(part);
    htmx.process(part);
  };
  source.addEventListener("end", () => source.close());
  addEventListener("pagehide", () => source.close());
}

// <form data-auto>: sent as soon as something in it is chosen; its button is for those without scripts.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
  form.querySelector("button")?.setAttribute("hidden", "");
}

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
