// Searching without a server: fetches the parts of the index that a query needs, and ranks.

const CJK = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+/g;
const WORD = /[\p{L}\p{N}]+/gu;
const MOST = 10;
const LONGEST = 40;
const ENDINGS = /(?:ations?|ings?|edly|ers?|ied|ies|ed|es|ly|s|e)$/;

/** The words of a text as the index holds them. */
export function wordsIn(text) {
  const bare = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFC");
  const found = [];
  for (const word of bare.match(WORD) ?? []) {
    let at = 0;
    for (const run of word.matchAll(CJK)) {
      if (run.index > at) found.push(word.slice(at, run.index));
      const letters = run[0];
      for (let n = 0; n < Math.max(1, letters.length - 1); n++) found.push(letters.slice(n, n + 2));
      at = run.index + letters.length;
    }
    if (at < word.length) found.push(word.slice(at));
  }
  return found.map((word) => word.slice(0, LONGEST));
}

/** Opens the index below an address; `load` gives the value of a JSON file. */
export async function openIndex(base, load) {
  const head = await load(`${base}index.json`);
  const parts = new Map();
  const part = (name) => {
    if (!parts.has(name)) parts.set(name, load(`${base}${name}?${head.version}`));
    return parts.get(name);
  };

  /** The words that begin so, each with its documents: of one chunk, or of some in a row. */
  async function beginning(prefix) {
    let first = head.starts.findLastIndex((start) => start <= prefix);
    const chunks = [];
    for (let n = Math.max(0, first); n < head.starts.length && chunks.length < 4; n++) {
      if (n > first && !head.starts[n].startsWith(prefix)) break;
      chunks.push(part(`terms-${n}.json`));
    }
    const words = (await Promise.all(chunks)).flatMap((chunk) => Object.entries(chunk));
    return words.filter(([word]) => word.startsWith(prefix));
  }

  /** How much each document is about a word of the query: the word itself counts most, then words
      that go on with it, then those of its stem. */
  async function about(word) {
    const stem = word.length > 4 ? word.replace(ENDINGS, "") : word;
    const root = stem.length > 2 ? stem : word;
    const scores = new Map();
    for (const [found, postings] of await beginning(root)) {
      const far = found.length - word.length;
      let share = found === word ? 1 : found.startsWith(word) ? 0.8 / (1 + far / 4) : 0;
      if (!share && found.replace(ENDINGS, "") === root) share = 0.6;
      if (!share) continue;
      let at = 0;
      for (let n = 0; n < postings.length; n += 2) {
        at += postings[n];
        scores.set(at, Math.max(scores.get(at) ?? 0, share * postings[n + 1]));
      }
    }
    return scores;
  }

  /** The documents for a query, best first: those with all its words, else those with most.
      Words that no document has, and those that most have, are not insisted on. */
  async function search(query) {
    const words = [...new Set(wordsIn(query))].slice(0, 12);
    const found = await Promise.all(words.map(about));
    const total = new Map();
    let needed = 0;
    for (const [n, scores] of found.entries()) {
      const counts = scores.size > 0 && !head.common.includes(words[n]) ? 1 : 0;
      needed += counts;
      for (const [at, score] of scores) {
        const [count, sum] = total.get(at) ?? [0, 0];
        total.set(at, [count + counts, sum + score]);
      }
    }
    const all = [...total].sort(
      ([a, [countA, sumA]], [b, [countB, sumB]]) => countB - countA || sumB - sumA || a - b,
    );
    const whole = all.filter(([, [count]]) => count === needed);
    return (whole.length ? whole : all).map(([at]) => at);
  }

  /** What results show of a document. */
  async function page(at) {
    const block = await part(`pages-${Math.floor(at / head.block)}.json`);
    const [url, title, about] = block[at % head.block];
    return { url, title, about };
  }

  return { search, page };
}

/** The search page: results as one types, in a list, with their number said aloud. */
function start(form) {
  const box = form.querySelector("input[type=search]");
  const list = document.querySelector("#search-results");
  const said = document.querySelector("#search-said");
  const more = document.querySelector("#search-more");
  const { index, results, none, failed } = form.dataset;
  let opened;
  let asked = 0;
  let rest = [];

  const load = async (address) => {
    const answer = await fetch(address, address.endsWith("index.json") ? { cache: "no-cache" } : {});
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.json();
  };
  const open = () => (opened ??= openIndex(index, load));

  const show = async (number) => {
    const searching = await open();
    const now = rest.splice(0, MOST);
    const pages = await Promise.all(now.map(searching.page));
    if (number !== asked) return;
    for (const { url, title, about } of pages) list.append(entry(url, title, about));
    more.hidden = rest.length === 0;
  };

  const ask = async () => {
    const number = ++asked;
    const query = box.value.trim();
    const address = new URL(location.href);
    if (query) address.searchParams.set("q", query);
    else address.searchParams.delete("q");
    history.replaceState(null, "", address);
    try {
      const found = query ? await (await open()).search(query) : [];
      if (number !== asked) return;
      rest = found;
      list.replaceChildren();
      said.textContent = !query ? "" : found.length ? results.replace("{count}", found.length) : none;
      await show(number);
    } catch (error) {
      opened = undefined;
      if (number === asked) said.textContent = failed;
      console.error(error);
    }
  };

  let waiting;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    ask();
  });
  more.addEventListener("click", async () => {
    const next = list.children.length;
    await show(asked);
    list.children[next]?.querySelector("a")?.focus();
  });
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  box.focus();
  if (box.value) ask();
}

function entry(url, title, about) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: url, textContent: title });
  link.className = "title";
  const text = Object.assign(document.createElement("p"), { textContent: about });
  item.append(link, ...(about ? [text] : []));
  return item;
}

if (typeof document !== "undefined") {
  const form = document.querySelector("form[data-index]");
  if (form) start(form);
}
