// The preview's own script: follows the server's events and changes the open page where it differs.
(() => {
  const ours = document.getElementById("sitegen-preview");
  if (!ours) return;
  const { token } = ours.dataset;
  const said = () => document.getElementById("sitegen-preview");

  // --- patching ---------------------------------------------------------------------------------
  // What the server sent last is kept beside the page as it is now. A part that the server has left
  // as it was is not touched, whatever scripts and readers have made of it; `live` leads from a node
  // of the one to its node of the other.
  const live = new WeakMap();
  let last;

  const pair = (virtual, real) => {
    live.set(virtual, real);
    let next = real.firstChild;
    for (const child of virtual.childNodes) {
      let found = next;
      while (found && !alike(child, found)) found = found.nextSibling;
      if (!found) continue;
      pair(child, found);
      next = found.nextSibling;
    }
  };

  const alike = (one, two) => one.nodeType === two.nodeType && one.nodeName === two.nodeName
    && (one.id ?? "") === (two.id ?? "") && (one.nodeType !== Node.TEXT_NODE || one.data === two.data);

  const inherit = (before, after) => {
    const real = live.get(before);
    if (real) live.set(after, real);
    for (let index = 0; index < after.childNodes.length; index += 1) {
      inherit(before.childNodes[index], after.childNodes[index]);
    }
  };

  const make = (virtual) => {
    const real = document.importNode(virtual, true);
    pair(virtual, real);
    return real;
  };

  // An element that may become another: the same kind, and of the same name if it has one.
  const matches = (one, two) => one.nodeType === two.nodeType && one.nodeName === two.nodeName
    && (one.nodeType !== Node.ELEMENT_NODE || one.id === two.id);

  // Thrown where the page is no longer what the server sent: then it is loaded anew.
  class Lost extends Error {}

  const patch = (before, after) => {
    const real = live.get(before);
    if (before.isEqualNode(after)) {
      inherit(before, after);
      return;
    }
    if (!real) throw new Lost();
    live.set(after, real);
    if (before.nodeType !== Node.ELEMENT_NODE) {
      real.data = after.data;
    } else {
      patchAttributes(before, after, real);
      patchChildren([...before.childNodes], [...after.childNodes], live.get(after));
    }
  };

  const patchAttributes = (before, after, real) => {
    if (isSheet(after) && before.getAttribute("href") !== after.getAttribute("href")) {
      swapSheet(real, after.getAttribute("href"), after);
    }
    for (const { name, value } of after.attributes) {
      if (before.getAttribute(name) !== value) live.get(after).setAttribute(name, value);
    }
    for (const { name } of [...before.attributes]) {
      if (!after.hasAttribute(name)) live.get(after).removeAttribute(name);
    }
    if (after.nodeName === "INPUT" && before.hasAttribute("checked") !== after.hasAttribute("checked")) {
      real.checked = after.hasAttribute("checked");
    }
  };

  const patchChildren = (before, after, real) => {
    const behind = before.map((old) => live.get(old)).findLast((node) => node)?.nextSibling ?? null;
    while (before.length && after.length && before[0].isEqualNode(after[0])) {
      inherit(before.shift(), after.shift());
    }
    let place = behind;
    while (before.length && after.length && before.at(-1).isEqualNode(after.at(-1))) {
      const old = before.pop();
      inherit(old, after.pop());
      place = live.get(old) ?? place;
    }
    const partner = partners(before, after);
    const staying = new Set(partner.values());
    for (const old of before) if (!staying.has(old)) live.get(old)?.remove();
    for (const next of after.reverse()) {
      const old = partner.get(next);
      if (old) {
        patch(old, next);
        place = live.get(next) ?? place;
      } else {
        const fresh = make(next);
        real.insertBefore(fresh, place);
        place = fresh;
      }
    }
  };

  // Which of the old becomes which of the new, neither crossing: the longest row of equal ones, and
  // between those what is of the same kind.
  const partners = (before, after) => {
    const found = new Map();
    let row = 0;
    let column = 0;
    const kinds = (toRow, toColumn) => {
      while (row < toRow && column < toColumn) {
        const at = before.slice(row, toRow).findIndex((old) => matches(old, after[column]));
        if (at >= 0) {
          found.set(after[column], before[row + at]);
          row += at + 1;
        }
        column += 1;
      }
      row = toRow;
      column = toColumn;
    };
    for (const [one, two] of commonRow(before, after)) {
      kinds(one, two);
      found.set(after[two], before[one]);
      row = one + 1;
      column = two + 1;
    }
    kinds(before.length, after.length);
    return found;
  };

  const MOST = 400000;
  const commonRow = (before, after) => {
    if (before.length * after.length > MOST) return [];
    const text = (node) => node.outerHTML ?? `${node.nodeType} ${node.data}`;
    const [one, two] = [before.map(text), after.map(text)];
    const wide = two.length + 1;
    const longest = new Uint16Array((one.length + 1) * wide);
    for (let i = one.length - 1; i >= 0; i -= 1) {
      for (let j = two.length - 1; j >= 0; j -= 1) {
        longest[i * wide + j] = one[i] === two[j]
          ? longest[(i + 1) * wide + j + 1] + 1
          : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
      }
    }
    const row = [];
    for (let i = 0, j = 0; i < one.length && j < two.length;) {
      if (one[i] === two[j]) row.push([i++, j++]);
      else if (longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) i += 1;
      else j += 1;
    }
    return row;
  };

  // --- style sheets and other files ---------------------------------------------------------------
  const isSheet = (node) => node.nodeName === "LINK" && /\bstylesheet\b/i.test(node.rel);

  // The old sheet stays until the new one is there, so that nothing is shown without style.
  const swapSheet = (old, href, virtual) => {
    const fresh = old.cloneNode();
    fresh.setAttribute("href", href);
    const done = () => {
      old.remove();
      if (fresh.sheet) swapNamed(fresh.sheet, renewedBy(told));
    };
    fresh.addEventListener("load", done, { once: true });
    fresh.addEventListener("error", done, { once: true });
    old.after(fresh);
    if (virtual) live.set(virtual, fresh);
    else for (const node of last?.querySelectorAll("link") ?? []) {
      if (live.get(node) === old) live.set(node, fresh);
    }
  };

  // Pictures and fonts are swapped in the rules that name them, as a sheet that is loaded again is
  // given those it had; returns the address of a changed sheet that this one imports.
  const swapNamed = (sheet, renewed) => {
    const base = sheet.href ?? document.baseURI;
    if (new URL(base).origin !== location.origin) return null;
    let imported = null;
    [...sheet.cssRules].forEach((rule, place) => {
      if (rule instanceof CSSImportRule) {
        const inside = rule.styleSheet && swapNamed(rule.styleSheet, renewed);
        imported = renewed(rule.href, base) ?? inside ?? imported;
        return;
      }
      const text = rule.cssText.replace(/url\("([^"]*)"\)/g, (all, address) => {
        const now = renewed(address, base);
        return now ? `url("${now}")` : all;
      });
      if (text === rule.cssText) return;
      sheet.deleteRule(place);
      sheet.insertRule(text, place);
    });
    return imported;
  };

  const renewedBy = (files) => (written, base = document.baseURI) => {
    const address = new URL(written, base);
    if (address.origin !== location.origin) return null;
    const digest = files[decodeURIComponent(address.pathname)];
    if (!digest) return null;
    address.searchParams.set("preview", digest.slice(0, 16));
    return address.pathname + address.search;
  };

  const SHOWN = {
    src: "img, source, video, audio, track, embed, input[type=image]",
    poster: "video",
    data: "object",
    href: "link[rel~=icon], link[rel~=apple-touch-icon]",
  };

  const told = {};
  const changed = (files) => {
    Object.assign(told, files);
    const renewed = renewedBy(files);
    for (const script of document.querySelectorAll("script[src]")) {
      if (!ours.contains(script) && renewed(script.getAttribute("src"))) return location.reload();
    }
    for (const link of document.querySelectorAll("link[rel~=stylesheet]")) {
      const imported = link.sheet && swapNamed(link.sheet, renewed);
      const href = renewed(link.href) ?? (imported && under(link.href, imported));
      if (href) swapSheet(link, href);
    }
    for (const { sheet } of document.querySelectorAll("style")) if (sheet) swapNamed(sheet, renewed);
    for (const [name, kinds] of Object.entries(SHOWN)) {
      for (const element of document.querySelectorAll(kinds)) {
        const address = element.hasAttribute(name) && renewed(element.getAttribute(name));
        if (address) element.setAttribute(name, address);
      }
    }
    for (const picture of document.querySelectorAll("[srcset]")) {
      const parts = picture.getAttribute("srcset").split(/,\s+/).map((part) => {
        const [address, ...size] = part.trim().split(/\s+/);
        return [renewed(address) ?? address, ...size].join(" ");
      });
      const now = parts.join(", ");
      if (now !== picture.getAttribute("srcset")) picture.setAttribute("srcset", now);
    }
    return undefined;
  };

  // The address under which a sheet is loaded again for what it imports.
  const under = (href, imported) => {
    const address = new URL(href);
    address.searchParams.set("preview", imported.slice(-16));
    return address.pathname + address.search;
  };

  // --- the page ---------------------------------------------------------------------------------------
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  const fetchPage = async () => {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
    return parse(await answer.text());
  };

  const scripts = (page) => [...page.querySelectorAll("script")]
    .filter((script) => /^(|module|(text|application)\/(java|ecma)script)$/i.test(script.type))
    .map((script) => script.outerHTML).join();

  let state = { blocks: [], working: false };
  let turn = Promise.resolve();
  const inTurn = (work) => {
    turn = turn.then(work).catch((error) => {
      if (error instanceof Lost) location.reload();
      else console.error("preview:", error);
    });
  };

  const renew = async () => {
    const next = await fetchPage();
    if (!next.getElementById("sitegen-preview")) return location.reload();
    if (scripts(last) !== scripts(next)) return location.reload();
    patch(last.documentElement, next.documentElement);
    last = next;
    tellScripts();
    mark();
    return undefined;
  };

  // The theme's own script has things to do for what is new.
  const tellScripts = () => document.dispatchEvent(new Event("sitegen:changed"));

  const draw = ({ id, html }) => {
    const before = last.getElementById(id);
    const after = parse(html).body.firstElementChild;
    if (!before || !after) return;
    patch(before, after);
    before.replaceWith(after);
    tellScripts();
    mark();
  };

  // --- marks and controls -------------------------------------------------------------------------------
  const words = { queued: "queued", waiting: "waits for Run", running: "running" };

  const mark = () => {
    for (const { id, state: how, since, edit } of state.blocks) {
      const figure = document.getElementById(id);
      if (!figure) continue;
      figure.dataset.sitegen = how;
      let line = figure.querySelector(":scope > [data-preview]");
      if (!line) {
        line = document.createElement("p");
        line.dataset.preview = "";
        line.className = "sitegen-mark";
        line.append(document.createElement("span"), document.createElement("a"));
        figure.append(line);
      }
      const [text, link] = line.children;
      const seconds = since ? Math.max(0, Date.now() / 1000 - since) : 0;
      const time = since ? ` ${seconds.toFixed(how === "running" ? 1 : 0)} s` : "";
      const now = (words[how] ?? "") + time;
      if (text.textContent !== now) text.textContent = now;
      if (edit && link.getAttribute("href") !== edit) {
        link.href = edit;
        link.textContent = "edit";
      }
      link.hidden = !edit;
    }
    const bar = said();
    if (!bar) return;
    const running = state.blocks.findIndex((block) => block.state === "running");
    const queued = state.blocks.filter((block) => block.state === "queued").length;
    let text = "";
    if (running >= 0) text = `running block ${running + 1} of ${state.blocks.length}`;
    else if (queued) text = `${queued} queued`;
    const status = bar.querySelector(".state");
    if (status.textContent !== text) status.textContent = text;
    const stop = bar.querySelector("[data-do=stop]");
    if (stop) stop.hidden = !(state.working || running >= 0);
  };
  setInterval(() => { if (state.blocks.some((block) => block.since)) mark(); }, 100);

  const ask = (what, body) => fetch(`/.sitegen/${what}`, {
    method: "POST",
    headers: { "X-Sitegen-Token": token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

  document.addEventListener("click", ({ target }) => {
    const what = target.closest?.("#sitegen-preview [data-do]")?.dataset.do;
    if (what === "run") ask("run", { url: ours.dataset.url });
    if (what === "stop") ask("stop", {});
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("#sitegen-preview [data-do=drafts]")) ask("drafts", { shown: target.checked });
  });

  // --- events -----------------------------------------------------------------------------------------
  let events;
  const follow = () => {
    if (events) return;
    const version = said()?.dataset.version ?? "";
    const asked = new URLSearchParams({ url: ours.dataset.url, version, token: ours.dataset.follow });
    events = new EventSource(`/.sitegen/events?${asked}`);
    events.addEventListener("open", () => { ours.dataset.ready = ""; });
    events.addEventListener("page", () => inTurn(renew));
    events.addEventListener("figure", ({ data }) => inTurn(() => draw(JSON.parse(data))));
    events.addEventListener("files", ({ data }) => inTurn(() => changed(JSON.parse(data))));
    events.addEventListener("state", ({ data }) => inTurn(() => { state = JSON.parse(data); mark(); }));
    events.addEventListener("error", () => {
      // A server that was started again has another token: only a new page has it.
      if (events?.readyState === EventSource.CLOSED) { events = undefined; setTimeout(restart, 1000); }
    });
  };
  const restart = async () => {
    try {
      await fetch("/.sitegen/preview.css", { cache: "no-store" });
      location.reload();
    } catch { setTimeout(restart, 1000); }
  };

  // A browser gives a host but a few connections: pages that nobody sees leave theirs to others.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { events?.close(); events = undefined; } else follow();
  });

  inTurn(async () => {
    last = await fetchPage();
    pair(last.documentElement, document.documentElement);
    if (last.getElementById("sitegen-preview")?.dataset.version !== ours.dataset.version) {
      return location.reload();
    }
    if (!document.hidden) follow();
    return undefined;
  });
})();
