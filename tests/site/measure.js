// Appended to a copy of a deck: goes through its slides and writes what it measured into the page.
Reveal.on("ready", async () => {
  if (window.MathJax) await MathJax.startup.promise;
  // Not decode(): Chromium's virtual time runs out while it decodes, but waits for what loads.
  const loads = (image) => image.complete || new Promise((done) => (image.onload = done));
  await Promise.all([...document.images].map(loads));
  const found = Reveal.getSlides().map((slide) => {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const scale = Reveal.getScale(); // rectangles come in pixels of the window
    const { left, top } = slide.getBoundingClientRect();
    const inside = [...slide.querySelectorAll("*")].filter((e) => !e.closest("aside"));
    const boxes = inside.map((e) => e.getBoundingClientRect()).filter((b) => b.width && b.height);
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    const sizes = [];
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (walker.currentNode.data.trim() && !parent.closest("aside, mjx-container"))
        sizes.push(parseFloat(getComputedStyle(parent).fontSize));
    }
    for (const formula of slide.querySelectorAll("mjx-container"))
      if (!formula.closest("aside")) sizes.push(parseFloat(getComputedStyle(formula).fontSize));
    return {
      title: slide.querySelector("h1, h2").textContent,
      width: slide.scrollWidth,
      height: slide.scrollHeight,
      right: (Math.max(...boxes.map((b) => b.right)) - left) / scale,
      bottom: (Math.max(...boxes.map((b) => b.bottom)) - top) / scale,
      smallest: Math.min(...sizes),
      figures: [...slide.querySelectorAll("img")].map((i) => i.getBoundingClientRect().width / scale),
      unreadable: slide.querySelectorAll("mjx-merror, .system-message, .problematic").length,
    };
  });
  const report = document.createElement("script");
  report.type = "application/json";
  report.id = "measured";
  report.textContent = JSON.stringify(found);
  document.body.append(report);
});
