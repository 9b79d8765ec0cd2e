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

  // Formulas in a line that are wider than their paragraph scroll by themselves. The others are
  // left alone, because a box that scrolls loses the baseline of its line.
  const markWide = () => {
    document.querySelectorAll("mjx-container:not([display])").forEach((formula) => {
      formula.classList.remove("wide");
      const around = formula.closest("p, li, dd, dt, td, div");
      const width = formula.querySelector("svg").getBoundingClientRect().width;
      formula.classList.toggle("wide", width > around.clientWidth && around.clientWidth > 0);
    });
  };
  window.addEventListener("load", () => {
    if (!window.MathJax || !MathJax.startup) return;
    MathJax.startup.promise.then(markWide);
    window.addEventListener("resize", markWide);
    document.addEventListener("toggle", markWide, true);
  });
})();

// Printed tables keep their columns and scroll; printed sentences wrap.
document.addEventListener("DOMContentLoaded", () => {
  for (const output of document.querySelectorAll("div.cell_output pre")) {
    const lines = output.textContent.split("\n").filter((line) => line.trim());
    const columns = lines.filter((line) => /\S {2,}\S/.test(line));
    if (columns.length > 1 && 2 * columns.length > lines.length) output.classList.add("columns");
  }
});
