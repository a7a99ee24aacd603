// Before anything is painted: the colours that the device wishes, where nobody chose others.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  follow();
  dark.addEventListener("change", follow);
  // A morph brings the page's attributes anew.
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
})();
