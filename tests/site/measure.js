// Appended to a copy of a deck: goes through its slides and writes what it measured into the page.
Reveal.on("ready", async () => {
  // MathJax is deferred, so a deck may be ready before MathJax is there to be waited for.
  if (document.readyState !== "complete") await new Promise((done) => (window.onload = done));
  if (window.MathJax) await MathJax.startup.promise;
  // Not decode(): Chromium's virtual time runs out while it decodes, but waits for what loads.
  const loads = (image) => image.complete || new Promise((done) => (image.onload = done));
  await Promise.all([...document.images].map(loads));
  // A window of 1280 by 720 may show less than that; the controls do not shrink with the slides.
  Object.assign(Reveal.getRevealElement().style, { width: "1280px", height: "720px" });
  Reveal.layout();
  const found = Reveal.getSlides().map((slide) => {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const scale = Reveal.getScale(); // rectangles come in pixels of the window
    const { left, top } = slide.getBoundingClientRect();
    const inside = [...slide.querySelectorAll("*")].filter((e) => !e.closest("aside"));
    const boxes = inside.map((e) => e.getBoundingClientRect()).filter((b) => b.width && b.height);
    // What stands below every slide, and what of this slide lies under it.
    const below = [...document.querySelectorAll(".controls .enabled, .slide-number, .to-chapter")]
      .map((e) => e.getBoundingClientRect()).filter((b) => b.width && b.height);
    const covered = (boxes) => [...boxes].some((a) => below.some((b) =>
      a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    const under = [];
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    const sizes = [];
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || parent.closest("aside, mjx-container")) continue;
      sizes.push(parseFloat(getComputedStyle(parent).fontSize));
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      if (covered(range.getClientRects())) under.push(walker.currentNode.data.trim());
    }
    for (const formula of slide.querySelectorAll("mjx-container"))
      if (!formula.closest("aside")) {
        sizes.push(parseFloat(getComputedStyle(formula).fontSize));
        if (covered(formula.getClientRects())) under.push("a formula");
      }
    for (const image of slide.querySelectorAll("img"))
      if (covered(image.getClientRects())) under.push(image.alt);
    return {
      title: slide.querySelector("h1, h2").textContent,
      width: slide.scrollWidth,
      height: slide.scrollHeight,
      right: (Math.max(...boxes.map((b) => b.right)) - left) / scale,
      bottom: (Math.max(...boxes.map((b) => b.bottom)) - top) / scale,
      smallest: Math.min(...sizes),
      // Of a picture in a box of another shape only the picture counts.
      figures: [...slide.querySelectorAll("img")].map((i) =>
        Math.min(i.clientWidth, (i.clientHeight * i.naturalWidth) / i.naturalHeight)),
      controls: below.length,
      under,
      unreadable: slide.querySelectorAll("mjx-merror, .system-message, .problematic").length
        + [...slide.querySelectorAll(".math")].filter((e) => !e.querySelector("mjx-container")).length,
    };
  });
  const report = document.createElement("script");
  report.type = "application/json";
  report.id = "measured";
  report.textContent = JSON.stringify(found);
  document.body.append(report);
});
