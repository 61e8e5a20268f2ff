"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  for (const each of all("[data-js]")) each.hidden = false;
  for (const each of all("[data-nojs]")) each.hidden = true;

  // An address without what was only said once.
  const address = new URL(location.href);
  address.searchParams.delete("done");
  address.searchParams.delete("at");
  history.replaceState(null, "", address);

  // What was refused, at hand to be mended; later than the address's own part of the page takes the focus.
  addEventListener("load", () => setTimeout(() => {
    const field = document.querySelector("[aria-invalid]");
    field?.focus();
    field?.select();
  }));

  const copy = async (element) => {
    try {
      await navigator.clipboard.writeText(element.textContent.trim());
    } catch {  // no permission, or no secure context: as a user would
      getSelection().selectAllChildren(element);
      document.execCommand("copy");
    }
  };
  for (const button of all("[data-copy]")) {
    const label = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await copy(document.getElementById(button.dataset.copy));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = label), 1500);
    });
  }

  const readout = document.getElementById("readout");
  for (const day of all(".day")) {
    day.addEventListener("pointerenter", () => (readout.textContent = day.textContent));
    day.addEventListener("pointerleave", () => (readout.textContent = readout.dataset.rest));
  }

  const tick = () => {
    for (const clock of all("[data-tick]")) {
      clock.dataset.since ??= performance.now();
      const now = new Date(Number(clock.dataset.tick) + performance.now() - clock.dataset.since);
      if (!isNaN(now)) clock.textContent = now.toISOString().slice(0, 19).replace("T", " ");
    }
  };
  setInterval(tick, 1000);

  // The journal, live: asked for its last call; where that is another, the parts that live are taken from a new page.
  const live = document.getElementById("live");
  const pause = document.querySelector("[data-pause]");
  if (!live) return;
  let last = document.getElementById("calls-list").dataset.last;
  let waiting = 1500;

  const renew = async () => {
    const text = await (await fetch(address)).text();
    const bare = text.replace(/<style[^]*?<\/style>/, "");  // its nonce is not this page's
    const page = new DOMParser().parseFromString(bare, "text/html");
    for (const part of all("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
    }
  };
  const look = async () => {
    if (document.hidden || pause.getAttribute("aria-pressed") === "true") return;
    try {
      const answer = await fetch("/_fake/journal?limit=1");
      const { calls: [call] } = await answer.json();
      const number = String(call?.number ?? 0);
      if (number !== last) await renew();
      last = number;
      live.textContent = "live";
      live.classList.remove("lost");
      waiting = 1500;
    } catch {
      live.textContent = "the fake does not answer";
      live.classList.add("lost");
      waiting = Math.min(waiting * 2, 15000);
    }
  };
  const watch = async () => {
    await look();
    setTimeout(watch, waiting);
  };
  setTimeout(watch, waiting);
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(paused));
    live.textContent = paused ? "paused" : "live";
    if (!paused) look();
  });
  document.addEventListener("visibilitychange", look);
})();
