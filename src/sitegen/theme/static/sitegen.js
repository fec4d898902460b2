// What a page can do beyond reading: change its scheme, copy code, show in the contents where one is.
// The preview changes a page in place, and says so by an event: then what is new is given the same.
(() => {
  const words = document.currentScript.dataset;
  const root = document.documentElement;

  // The scheme, which scheme.js acts upon.
  const schemes = () => {
    for (const choice of document.querySelectorAll(".scheme select")) choice.value = root.dataset.scheme;
  };
  document.addEventListener("input", ({ target }) => {
    if (!target.matches(".scheme select")) return;
    root.dataset.scheme = target.value;
    try { localStorage.scheme = target.value; } catch { /* it holds for this page */ }
  });

  // Code with a button that copies it; what it did is said aloud by the region at the end.
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");

  const offer = (pre) => {
    if (!pre.querySelector("code") || pre.parentElement.dataset.copy === "false") return;
    if (pre.previousElementSibling?.matches(".copy")) return;
    const button = document.createElement("button");
    let back;
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.querySelector("code").textContent);
      button.textContent = said.textContent = words.copied;
      clearTimeout(back);
      back = setTimeout(() => {
        button.textContent = words.copy;
        said.textContent = "";
      }, 2000);
    });
    pre.before(button);
  };

  const copies = () => {
    if (!navigator.clipboard) return;
    document.querySelectorAll(".prose :is(.code, .cell-code) > pre").forEach(offer);
    document.body.append(said);
  };

  // Tab stops only at what does scroll.
  const stops = new ResizeObserver((changed) => {
    const wide = changed.map(({ target }) => [target, target.scrollWidth > target.clientWidth]);
    for (const [frame, scrolls] of wide) frame.tabIndex = scrolls ? 0 : -1;
  });
  const frames = () => {
    const found = document.querySelectorAll(".prose [tabindex='0'], .card [tabindex='0']");
    found.forEach((frame) => stops.observe(frame));
  };

  // The last heading above the upper third of the screen is where one is.
  const links = new Map();
  const passed = new Set();
  const place = new IntersectionObserver((changed) => {
    for (const { target, isIntersecting } of changed) passed[isIntersecting ? "add" : "delete"](target);
    const here = [...links.keys()].findLast((heading) => passed.has(heading));
    for (const [heading, link] of links) {
      if (heading === here) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "9999999px 0px -66% 0px" });
  const contents = () => {
    place.disconnect();
    links.clear();
    passed.clear();
    for (const link of document.querySelectorAll(".toc a")) {
      const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!heading) continue;
      links.set(heading, link);
      place.observe(heading);
    }
  };

  const dress = () => [schemes, copies, frames, contents].forEach((part) => part());
  dress();
  document.addEventListener("sitegen:changed", dress);
})();
