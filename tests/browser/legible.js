// What of a page's text cannot be read: words over others, sums that are cut off, what is wider than
// the window. Bars stay in their place while pages scroll, and a booking is as wide as it is long:
// both may cover words.
() => {
  const found = new Set();
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(
      (each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1,
    );
    found.add(`wide: ${wide.slice(0, 3).map((each) => `${each.tagName}.${each.className}`)}`);
  }
  const ancestors = function* (element) {
    for (let each = element; each && each !== document.body; each = each.parentElement) yield each;
  };
  const stays = (element) =>
    [...ancestors(element)].some((each) =>
      ["fixed", "sticky"].includes(getComputedStyle(each).position),
    );
  const passed = "script, style, noscript, option, template, .visually-hidden, .load-item";
  const boxes = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = texts.nextNode()); ) {
    const words = node.textContent.trim();
    const element = node.parentElement;
    if (!words || element.closest(passed) || stays(element)) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const line of range.getClientRects()) {
      const box = { left: line.left, right: line.right, top: line.top, bottom: line.bottom };
      for (const each of ancestors(element)) {
        const style = getComputedStyle(each);
        if (style.overflowX === "visible" && style.overflowY === "visible") continue;
        const frame = each.getBoundingClientRect();
        const hides = ["hidden", "clip"].includes(style.overflowX);
        if (hides && box.right - frame.right > 2 && /\d/.test(words)) {
          if (style.textOverflow !== "ellipsis" || /\d[.,]\d\d\D*$/.test(words))
            found.add(`cut: ${words}`);
        }
        box.left = Math.max(box.left, frame.left);
        box.right = Math.min(box.right, frame.right);
        box.top = Math.max(box.top, frame.top);
        box.bottom = Math.min(box.bottom, frame.bottom);
      }
      if (box.right - box.left > 2 && box.bottom - box.top > 2) boxes.push({ ...box, words, element });
    }
  }
  boxes.sort((one, other) => one.top - other.top);
  boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) {
      if (other.top >= one.bottom) break;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - other.top;
      // Lines of one text may stand close.
      if (one.element !== other.element && width > 2 && height > 5)
        found.add(`over: ${one.words} | ${other.words}`);
    }
  });
  return [...found];
}
