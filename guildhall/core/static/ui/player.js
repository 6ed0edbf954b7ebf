// Films: a bar below the browser's own player, keys, a transcript that follows and leads back, pauses for those who wish them.
"use strict";

(() => {
  const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

  function seek(video, second) {
    video.currentTime = second;
  }

  function step(video, seconds) {
    seek(video, Math.max(0, Math.min(video.currentTime + seconds, video.duration || Infinity)));
  }

  function playOrPause(video) {
    if (video.paused) video.play().catch(() => {});
    else video.pause();
  }

  function spoken(video) {
    return [...video.textTracks].filter((track) => track.kind === "captions" || track.kind === "subtitles");
  }

  // What a visit has chosen stays with it; where the browser keeps nothing, nothing is kept.
  function remembered(name, value) {
    try {
      if (value === undefined) return sessionStorage.getItem(`film-${name}`);
      sessionStorage.setItem(`film-${name}`, value);
    } catch {
      return null;
    }
    return value;
  }

  function begin(figure) {
    const video = figure.querySelector("video");
    const bar = figure.querySelector(".film-bar");
    const part = (name) => bar.querySelector(`[data-${name}]`);
    bar.hidden = false;

    part("back").addEventListener("click", () => step(video, -10));
    part("on").addEventListener("click", () => step(video, 10));

    const speed = part("speed");
    const setSpeed = (value) => {
      video.playbackRate = value;
      speed.value = String(value);
      remembered("speed", value);
    };
    speed.addEventListener("change", () => setSpeed(Number(speed.value)));
    const before = Number(remembered("speed"));
    if (SPEEDS.includes(before)) video.addEventListener("loadedmetadata", () => setSpeed(before));

    const quality = part("quality");
    const suits = [...figure.querySelectorAll("source")].map((source) => source.cloneNode());
    const setQuality = (address) => {
      const { currentTime, paused, playbackRate } = video;
      const chosen = suits.filter((source) => !address || source.getAttribute("src").split("#")[0] === address);
      if (!chosen.length) return;
      video.querySelectorAll("source").forEach((source) => source.remove());
      for (const source of [...chosen].reverse()) {
        const copy = source.cloneNode();
        if (address) copy.removeAttribute("media");
        video.prepend(copy);
      }
      video.load();
      video.addEventListener("loadedmetadata", () => {
        if (currentTime) seek(video, currentTime);
        video.playbackRate = playbackRate;
        if (!paused) video.play().catch(() => {});
      }, { once: true });
    };
    if (quality) {
      quality.addEventListener("change", () => {
        const label = quality.selectedOptions[0].value && quality.selectedOptions[0].textContent;
        remembered("quality", label);
        setQuality(quality.value);
      });
      const kept = remembered("quality");
      const option = kept && [...quality.options].find((each) => each.value && each.textContent === kept);
      if (option) {
        quality.value = option.value;
        setQuality(option.value);
      }
    }

    const captions = part("captions");
    const showsCaptions = () => spoken(video).some((track) => track.mode === "showing");
    const sayCaptions = () => captions && captions.setAttribute("aria-pressed", String(showsCaptions()));
    const toggleCaptions = () => {
      const tracks = spoken(video);
      if (showsCaptions()) for (const track of tracks) track.mode = "disabled";
      else {
        const page = document.documentElement.lang;
        const best = tracks.find((track) => track.language === page) || tracks[0];
        if (best) best.mode = "showing";
      }
      sayCaptions();
    };
    if (captions) {
      captions.addEventListener("click", toggleCaptions);
      video.textTracks.addEventListener("change", sayCaptions);
      sayCaptions();
    }

    const described = part("described");
    const seen = figure.querySelector("[data-seen]");
    if (described && seen) {
      const tracks = () => [...video.textTracks].filter((track) => track.kind === "descriptions");
      const page = document.documentElement.lang;
      const say = (event) => {
        seen.textContent = [...(event.target.activeCues || [])].map((cue) => cue.text.replace(/<[^>]*>/g, "")).join(" ");
      };
      described.addEventListener("click", () => {
        const on = described.getAttribute("aria-pressed") !== "true";
        described.setAttribute("aria-pressed", String(on));
        const track = tracks().find((each) => each.language === page) || tracks()[0];
        if (!track) return;
        track.mode = on ? "hidden" : "disabled";
        seen.lang = track.language;
        track.removeEventListener("cuechange", say);
        if (on) {
          track.addEventListener("cuechange", say);
          say({ target: track });
        } else seen.textContent = "";
      });
    }

    const pausing = part("pausing");
    const asked = figure.querySelector("[data-asked]");
    const pauses = [...figure.querySelectorAll("template[data-pause]")];
    const putAway = () => {
      if (asked.contains(document.activeElement)) video.focus();
      asked.replaceChildren();
    };
    let last = 0;
    if (pausing) {
      pausing.checked = remembered("pausing") === "1";
      pausing.addEventListener("change", () => remembered("pausing", pausing.checked ? "1" : ""));
      asked.addEventListener("click", (event) => {
        if (event.target.closest("[data-go-on]")) playOrPause(video);
      });
      for (const type of ["play", "seeking"]) video.addEventListener(type, putAway);
    }

    const lists = [...document.querySelectorAll(`.transcript[data-film="${figure.id}"]`)];
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    video.addEventListener("timeupdate", () => {
      const second = video.currentTime;
      // Only where it has played on to the moment: who goes there by themselves is not stopped.
      if (pausing?.checked && !video.paused && second > last && second - last < 2) {
        const reached = pauses.filter((each) => last < Number(each.dataset.pause) && Number(each.dataset.pause) <= second);
        if (reached.length) {
          video.pause();
          asked.replaceChildren(...reached.map((each) => each.content.cloneNode(true)));
        }
      }
      last = second;
      for (const list of lists) follow(list, second, calm.matches);
    });
    video.addEventListener("seeking", () => { last = video.currentTime; });

    figure.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape" && asked?.hasChildNodes()) playOrPause(video);
      if (event.target.closest("input, select, textarea, button, summary, a")) return;
      const keys = {
        " ": () => playOrPause(video),
        k: () => playOrPause(video),
        ArrowLeft: () => step(video, -5),
        ArrowRight: () => step(video, 5),
        j: () => step(video, -10),
        l: () => step(video, 10),
        c: toggleCaptions,
        m: () => { video.muted = !video.muted; },
        "<": () => setSpeed(SPEEDS[Math.max(0, SPEEDS.indexOf(video.playbackRate) - 1)]),
        ">": () => setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(video.playbackRate) + 1)]),
      };
      const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      // What the browser's own player does already with this key is not done twice.
      if (act) {
        event.preventDefault();
        event.stopPropagation();
        act();
      }
    }, true);

    const begins = Number(new URLSearchParams(location.search).get("t"));
    if (begins > 0) {
      const go = () => { if (Math.abs(video.currentTime - begins) > 1) seek(video, begins); };
      if (video.readyState) go();
      else video.addEventListener("loadedmetadata", go, { once: true });
    }
  }

  function follow(list, second, calm) {
    const now = [...list.children].findLast((line) => Number(line.firstElementChild.dataset.seek) <= second + 0.05);
    const before = list.querySelector(".now");
    if (now === before) return;
    before?.classList.remove("now");
    if (!now) return;
    now.classList.add("now");
    // Who reads somewhere in the list is not carried away; the page itself never moves.
    if (list.matches(":hover, :focus-within")) return;
    list.scrollTo({ top: now.offsetTop - list.offsetTop - list.clientHeight / 3, behavior: calm ? "auto" : "smooth" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const figure = document.getElementById(link.dataset.film || link.closest("[data-film]")?.dataset.film || "film");
    const video = figure?.querySelector("video");
    if (!video) return;
    event.preventDefault();
    // A hundredth later: Chromium goes on showing a caption that ends exactly where one goes to.
    seek(video, Number(link.dataset.seek) + 0.01);
    // As the link would lead there without this script: what has the focus then plays by the space bar.
    video.focus({ preventScroll: true });
    video.scrollIntoView({ block: "nearest" });
  });

  for (const figure of document.querySelectorAll("[data-player]:not([data-begun])")) {
    figure.dataset.begun = "";
    begin(figure);
  }
})();
