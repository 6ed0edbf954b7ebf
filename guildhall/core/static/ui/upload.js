// Sending a large file in pieces, in the manner of tus 1.0 (https://tus.io/protocols/resumable-upload): what has arrived is kept.
"use strict";

(() => {
  const PIECE = 8 * 1024 * 1024;
  const VERSION = { "Tus-Resumable": "1.0.0" };
  const WAITS = [1, 2, 4, 8, 15, 30];

  function encoded(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  }

  function begin(box) {
    const input = box.querySelector("input[type=file]");
    const shown = box.querySelector("[data-shown]");
    const says = box.querySelector("[data-says]");
    const bar = box.querySelector("progress");
    const button = box.querySelector("[data-pause]");
    const words = box.querySelector("[data-words]").dataset;
    let sending = null;
    box.hidden = false;

    const say = (text) => { if (says.textContent !== text) says.textContent = text; };
    const show = (file, offset) => {
      bar.value = Math.round((1000 * offset) / file.size);
      box.querySelector("[data-name]").textContent = file.name;
      box.querySelector("[data-count]").textContent = `${Math.floor((100 * offset) / file.size)} %`;
    };
    const headers = (more) => ({ ...VERSION, "X-CSRFToken": box.dataset.token, ...more });

    // An answer that says no with a sentence ends it; everything else is tried again.
    class Refusal extends Error {}

    async function asked(address, options) {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "manual", ...options });
      if (answer.status === 423) throw new Error("busy");
      if (answer.status === 409 || answer.status >= 500 && answer.status !== 507) throw new Error("again");
      if (answer.type === "opaqueredirect" || answer.status >= 400) throw new Refusal(await answer.text());
      return answer;
    }

    async function announce(file) {
      const name = encoded(file.name);
      const answer = await asked(box.dataset.sending, {
        method: "POST",
        headers: headers({ "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name},mark ${encoded(String(file.lastModified))}` }),
      });
      return answer.headers.get("Location");
    }

    function sent(address, file, offset, state) {
      return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        state.request = request;
        request.open("PATCH", address);
        for (const [name, value] of Object.entries(headers({ "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) }))) request.setRequestHeader(name, value);
        request.upload.addEventListener("progress", (event) => show(file, offset + event.loaded));
        request.addEventListener("load", () => {
          if (request.status === 204) resolve(Number(request.getResponseHeader("Upload-Offset")));
          else if ([409, 423, 500, 502, 503, 504].includes(request.status)) reject(new Error(request.status === 423 ? "busy" : "again"));
          else reject(new Refusal(request.responseText));
        });
        for (const type of ["error", "timeout"]) request.addEventListener(type, () => reject(new Error("again")));
        request.addEventListener("abort", () => reject(new Error("paused")));
        request.send(file.slice(offset, offset + PIECE));
      });
    }

    async function whole(file, state) {
      let address = null;
      let failures = 0;
      while (!state.paused) {
        try {
          address ||= await announce(file);
          const head = await asked(address, { method: "HEAD", headers: headers() });
          let offset = Number(head.headers.get("Upload-Offset"));
          show(file, offset);
          say(words.going);
          do {
            offset = await sent(address, file, offset, state);
            failures = 0;
            show(file, offset);
          } while (offset < file.size && !state.paused);
          if (offset >= file.size) {
            say(words.done);
            window.location.assign(box.dataset.then || window.location.href);
            return;
          }
        } catch (error) {
          if (state.paused) break;
          if (error instanceof Refusal) {
            say(error.message || words.waiting);
            sending = null;
            input.disabled = false;
            return;
          }
          say(error.message === "busy" ? words.elsewhere : words.waiting);
          const wait = WAITS[Math.min(failures++, WAITS.length - 1)] * 1000;
          await new Promise((resolve) => {
            const timer = setTimeout(resolve, wait);
            window.addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
          });
        }
      }
      say(words.paused);
    }

    function start(file) {
      sending = { file, paused: false, request: null };
      button.lastChild.textContent = words.pause;
      input.disabled = true;
      shown.hidden = false;
      whole(file, sending);
    }

    input.addEventListener("change", () => {
      const file = input.files[0];
      if (!file) return;
      shown.hidden = false;
      if (Number(box.dataset.most) && file.size > Number(box.dataset.most)) say(words.large);
      else start(file);
    });

    button.addEventListener("click", () => {
      if (!sending) return;
      if (sending.paused) return start(sending.file);
      sending.paused = true;
      sending.request?.abort();
      say(words.paused);
      button.lastChild.textContent = words.goOn;
    });

    window.addEventListener("beforeunload", (event) => {
      if (sending && !sending.paused && bar.value < 1000) event.preventDefault();
    });
  }

  for (const box of document.querySelectorAll("[data-sending][hidden]")) begin(box);
})();
