// What was typed is not lost: a draft per form, kept in this browser until it was sent. Never files, never passwords.
"use strict";

const KEPT_FOR_DAYS = 14;
const person = document.body.dataset.person;

function draftKey(form) {
  return `draft:${form.dataset.draft}`;
}

function worthKeeping(element) {
  return element.name && !element.disabled && !["file", "password", "hidden", "submit", "button"].includes(element.type)
    && element.autocomplete !== "one-time-code";
}

function typed(form) {
  return [...form.elements].filter(worthKeeping).map((element) => [
    element.name,
    element.type === "checkbox" || element.type === "radio" ? element.value : null,
    element.type === "checkbox" || element.type === "radio" ? element.checked
      : element.multiple ? [...element.selectedOptions].map((option) => option.value) : element.value,
  ]);
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function fill(form, kept) {
  for (const element of [...form.elements].filter(worthKeeping)) {
    const ticked = element.type === "checkbox" || element.type === "radio";
    const found = kept.find(([name, value]) => name === element.name && (!ticked || value === element.value));
    if (!found) continue;
    if (ticked) element.checked = found[2];
    else if (element.multiple) for (const option of element.options) option.selected = found[2].includes(option.value);
    else element.value = found[2];
  }
}

// What was typed into a folded group does not come back out of sight.
function unfold(form, blank) {
  const now = typed(form);
  [...form.elements].filter(worthKeeping).forEach((element, at) => {
    if (!same(now[at], blank[at])) element.closest("details.group")?.setAttribute("open", "");
  });
}

function take(form) {
  const blank = typed(form);
  const stored = JSON.parse(localStorage.getItem(draftKey(form)) || "null");
  const mayRestore = stored && !("wrong" in form.dataset) && !same(stored.typed, blank);
  if (mayRestore) {
    fill(form, stored.typed);
    unfold(form, blank);
    const line = document.getElementById("draft-line")?.content.firstElementChild.cloneNode(true);
    line?.querySelector("button").addEventListener("click", () => {
      localStorage.removeItem(draftKey(form));
      fill(form, blank);
      line.remove();
      form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
    if (line) form.prepend(line);
  }
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!form.isConnected) return;
      const now = typed(form);
      if (same(now, blank)) localStorage.removeItem(draftKey(form));
      else localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), typed: now }));
    }, 400);
  });
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), typed: typed(form) }));
    if (!form.matches("[hx-post]")) sessionStorage.setItem("sent", draftKey(form));
  });
}

function takeAll(root) {
  for (const form of root.querySelectorAll("form[data-draft]:not([data-taken])")) {
    form.dataset.taken = "";
    take(form);
  }
}

// A form that was sent is done with when the very next page says so. Whatever else comes (it was wrong, it was refused, the session
// had ended, the line broke), its draft is still wanted.
function clearSent() {
  const sent = sessionStorage.getItem("sent");
  const thanked = document.querySelector("#messages .message.done");
  sessionStorage.removeItem("sent");
  if (sent && thanked) localStorage.removeItem(sent);
}

function clearOld() {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:"))) {
    const stored = JSON.parse(localStorage.getItem(key) || "null");
    if (!stored || Date.now() - stored.at > KEPT_FOR_DAYS * 86400000) localStorage.removeItem(key);
  }
}

clearSent();
clearOld();
takeAll(document);

document.addEventListener("htmx:afterSettle", (event) => {
  const { elt: asked, verb } = event.detail.requestConfig;
  if (event.detail.xhr.status < 300 && verb !== "get" && asked.dataset.draft) localStorage.removeItem(draftKey(asked));
  takeAll(document);
});

// Who signs out takes their drafts along.
document.addEventListener("submit", (event) => {
  if (event.target.closest("[data-leaves]")) {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(`draft:${person}:`))) localStorage.removeItem(key);
  }
});

// What is wrong is read out and reached at once; a form is sent once, however often the button is pressed, unless its answer is a
// file and the page stays.
document.querySelector(".error-summary:not(.example *)")?.focus();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-download]")) return;
  if (form.dataset.sending) event.preventDefault();
  form.dataset.sending = "1";
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
