// The reader's scheme, known before anything is drawn. Media queries that ask the system for its
// scheme are given that answer, also those of pictures that arrive later.
(() => {
  const root = document.documentElement;
  const answer = () => {
    const scheme = root.dataset.scheme;
    for (const part of document.querySelectorAll("[media*=prefers-color], [data-asked]")) {
      const asked = part.dataset.asked ??= part.media;
      part.media = scheme === "auto" ? asked : asked.replace(/\(prefers-color-scheme: (\w+)\)/,
        (_, one) => `(${one === scheme ? "min" : "max"}-width: 0)`);
    }
  };
  let scheme;
  try { scheme = localStorage.scheme; } catch { /* no storage, no choice */ }
  root.dataset.scheme = scheme ?? "auto";
  answer();
  new MutationObserver(answer).observe(root, {
    attributeFilter: ["data-scheme"], childList: true, subtree: true,
  });
})();
