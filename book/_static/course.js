// Printing shows everything: folded sections and answers open, and close again afterwards.
(() => {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((part) => { part.open = true; });
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((part) => { part.open = false; });
    opened = [];
  });

  // A link to a place inside a folded section opens it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let part = target && target.closest("details");
    if (!part) return;
    while (part) {
      part.open = true;
      part = part.parentElement.closest("details");
    }
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  window.addEventListener("DOMContentLoaded", reveal);
})();
