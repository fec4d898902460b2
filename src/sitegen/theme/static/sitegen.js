// What a page can do beyond reading: change its scheme, copy code, show in the contents where one is.
(() => {
  const words = document.currentScript.dataset;
  const root = document.documentElement;

  // The scheme, which scheme.js acts upon.
  for (const choice of document.querySelectorAll(".scheme select")) {
    choice.value = root.dataset.scheme;
    choice.addEventListener("input", () => {
      root.dataset.scheme = choice.value;
      try { localStorage.scheme = choice.value; } catch { /* it holds for this page */ }
    });
  }

  // Code with a button that copies it; what it did is said aloud by the region at the end.
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");

  const offer = (pre) => {
    const code = pre.querySelector("code");
    if (!code || pre.parentElement.dataset.copy === "false") return;
    const button = document.createElement("button");
    let back;
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = said.textContent = words.copied;
      clearTimeout(back);
      back = setTimeout(() => {
        button.textContent = words.copy;
        said.textContent = "";
      }, 2000);
    });
    pre.before(button);
  };

  if (navigator.clipboard) {
    document.querySelectorAll(".prose :is(.code, .cell-code) > pre").forEach(offer);
    document.body.append(said);
  }

  // Tab stops only at what does scroll.
  const frames = [...document.querySelectorAll(".prose [tabindex='0'], .card [tabindex='0']")];
  const stops = new ResizeObserver((changed) => {
    const wide = changed.map(({ target }) => [target, target.scrollWidth > target.clientWidth]);
    for (const [frame, scrolls] of wide) frame.tabIndex = scrolls ? 0 : -1;
  });
  frames.forEach((frame) => stops.observe(frame));

  // The last heading above the upper third of the screen is where one is.
  const links = new Map();
  for (const link of document.querySelectorAll(".toc a")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  const passed = new Set();
  const place = new IntersectionObserver((changed) => {
    for (const { target, isIntersecting } of changed) passed[isIntersecting ? "add" : "delete"](target);
    const here = [...links.keys()].findLast((heading) => passed.has(heading));
    for (const [heading, link] of links) {
      if (heading === here) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "9999999px 0px -66% 0px" });
  for (const heading of links.keys()) place.observe(heading);
})();
