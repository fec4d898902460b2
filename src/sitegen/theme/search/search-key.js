// On every page: "/" goes to the search box, and focusing it fetches what searching needs.
const box = document.querySelector('form[role="search"] input[type="search"]');

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !box) return;
  event.preventDefault();
  box.focus();
});

box?.addEventListener("focus", () => import("./search.js"), { once: true });
