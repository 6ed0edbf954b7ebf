// What pages do a little better with JavaScript than without it: "/" to search, dialogs, menus, messages, focus after a swap.
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = [...document.querySelectorAll("#search, main .search input")].find((input) => input.checkVisibility());
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "Escape") {
    document.body.classList.add("tips-away");
    const menu = event.target.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

for (const type of ["pointermove", "focusin"]) {
  document.addEventListener(type, () => document.body.classList.remove("tips-away"), { passive: true });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    const dialog = document.getElementById(opener.dataset.opens);
    event.preventDefault();
    if (dialog.dataset.from) {
      htmx.ajax("GET", dialog.dataset.from, { target: dialog.querySelector(".dialog-inside"), swap: "innerHTML" }).then(() => {
        dialog.querySelector(".dialog-inside :is(input:not([type=hidden]), select, textarea)")?.focus();
      });
    }
    dialog.showModal();
  }
  if (event.target.closest("[data-closes]") || event.target.matches("dialog")) event.target.closest("dialog").close();
  const away = event.target.closest("[data-dismisses]");
  if (away) away.closest(".message").remove();
});

// A text to be taken along. Where the clipboard is closed to pages (no TLS), it is selected, for the keyboard to copy.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(text.value);
    button.querySelector("span").textContent = button.dataset.copied;
    document.getElementById("announcer").textContent = button.dataset.copied;
  } catch {
    text.focus();
    text.select();
  }
});

// Below the search field of the frame: the arrows lead through the first hits, Escape puts them away.
document.addEventListener("keydown", (event) => {
  const hits = event.target.closest(".rail-search")?.querySelector("#first-hits");
  if (!hits?.checkVisibility()) return;
  const stops = [document.getElementById("search"), ...hits.querySelectorAll("a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) stops[stops.indexOf(event.target) + step]?.focus();
  if (event.key === "Escape") {
    hits.hidden = true;
    stops[0].focus();
  }
  if (step || event.key === "Escape") event.preventDefault();
});

// Rows that can be ticked: all of a page at once, and how many are.
document.addEventListener("change", (event) => {
  const form = event.target.closest(".pick") && event.target.form;
  if (!form) return;
  const boxes = [...form.querySelectorAll(".pick input[name]")];
  const all = form.querySelector("[data-picks]"); // a table has it
  if (event.target === all) for (const box of boxes) box.checked = all.checked;
  const count = boxes.filter((box) => box.checked).length;
  if (all) {
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  form.querySelector("[data-picked]").textContent = count;
  form.querySelector(".picked-count").hidden = !count;
});

// A map and the list beside it: who points at a place sees its rows marked, and the reverse.
for (const type of ["pointerover", "focusin"]) {
  document.addEventListener(type, (event) => {
    const row = event.target.closest?.("[data-place]");
    const place = row ? row.dataset.place : event.target.closest?.(".place")?.id;
    for (const marked of document.querySelectorAll(".pointed")) marked.classList.remove("pointed");
    if (!place) return;
    document.getElementById(place)?.classList.add("pointed");
    for (const other of document.querySelectorAll(`[data-place="${place}"]`)) other.classList.add("pointed");
  });
}

// --- htmx -----------------------------------------------------------------------------------------------------------

// A filter that is not set has no place in the address.
document.addEventListener("htmx:configRequest", (event) => {
  const { formData, elt } = event.detail;
  if (!elt.matches(".filter-bar")) return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
});

let focusWasInside = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  // A whole page where a part was asked for: the session ended, or the address moved. Go there.
  if (/^\s*<!doctype html/i.test(xhr.responseText) && xhr.status < 400 && target !== document.body) {
    event.detail.shouldSwap = false;
    window.location.assign(xhr.responseURL);
    return;
  }
  // A no that is not one of our fragments must not land in the middle of the page.
  if (xhr.status >= 400 && xhr.status !== 422 && !xhr.getResponseHeader("HX-Reswap")) {
    event.detail.shouldSwap = false;
    sayItFailed();
  }
  focusWasInside = target.contains(document.activeElement);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const { xhr, target } = event.detail;
  const swapped = document.getElementById(target.id) || event.detail.elt;
  const wrong = xhr.status === 422 && swapped.querySelector(".error-summary");
  if (wrong) wrong.focus();
  else if (focusWasInside && document.activeElement === document.body) {
    const place = swapped.querySelector("[autofocus]") || swapped;
    if (!place.matches("a, button, input, select, textarea, [tabindex]")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
  focusWasInside = false;
  const count = swapped.querySelector(".count-line") || (swapped.matches(".count-line") && swapped);
  if (count) document.getElementById("announcer").textContent = count.textContent;
  const { verb, elt: asked } = event.detail.requestConfig;
  if (verb !== "get" && xhr.status < 300) asked.closest("dialog[open]")?.close();
});

for (const type of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(type, sayItFailed);
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500 || event.detail.xhr.status === 404) sayItFailed();
});

function sayItFailed() {
  const messages = document.getElementById("messages");
  const message = document.getElementById("failed").content.cloneNode(true);
  messages.querySelector(".message.failed")?.remove();
  messages.append(message);
}
