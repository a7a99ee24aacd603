// Pictures of reports: <div class="chart" id="…" data-chart="{kind, labels, series}">. Each of their
// numbers stands in a table as well.

(() => {
  const COLOURS = {
    light: { words: "#56606f", lines: "#dfe3e8" },
    dark: { words: "#a5b0bf", lines: "#3a4250" },
  };

  function options({ kind, labels, series }) {
    const root = document.documentElement;
    const colours = COLOURS[root.dataset.bsTheme] ?? COLOURS.light;
    const words = { color: colours.words };
    const line = { lineStyle: { color: colours.lines } };
    const number = new Intl.NumberFormat(root.lang);
    // Days as the tables write them.
    const days = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : root.lang, { dateStyle: "short", timeZone: "UTC" });
    const called = (label) => (/^\d{4}-\d\d-\d\d$/.test(label) ? days.format(new Date(label)) : label);
    const said = (value) => (value === null || value === undefined ? "—" : number.format(value));
    return {
      animation: false,
      textStyle: { fontFamily: "Inter, system-ui, sans-serif" },
      color: ["#2f7de1", "#2fa36b", "#c98a1b", "#9b59d0"],
      grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
      legend: { top: 0, textStyle: words },
      // The policy allows no styles within texts: tips are drawn, not written.
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: said },
      xAxis: { type: "category", data: labels.map(called), axisLabel: { ...words, hideOverlap: true, width: 110, overflow: "truncate" }, axisLine: line },
      yAxis: { type: "value", axisLabel: { ...words, formatter: said }, splitLine: line },
      series: series.map(({ name, values }) => ({ name, type: kind, data: values, smooth: false, barMaxWidth: 36 })),
    };
  }

  function draw() {
    if (!window.echarts) return;
    for (const element of document.querySelectorAll(".chart[data-chart]")) {
      const drawn = echarts.getInstanceByDom(element);
      const wanted = element.dataset.chart + document.documentElement.dataset.bsTheme;
      if (drawn && element.firstElementChild && drawn.drawnFrom === wanted) continue;
      drawn?.dispose();
      const chart = echarts.init(element);
      chart.drawnFrom = wanted;
      chart.setOption(options(JSON.parse(element.dataset.chart)));
    }
  }

  addEventListener("resize", () => {
    for (const element of document.querySelectorAll(".chart")) echarts.getInstanceByDom(element)?.resize();
  });
  document.addEventListener("htmx:after:swap", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  // A page that is fetched brings its scripts in any order.
  if (!window.echarts) document.querySelector('script[src*="echarts"]')?.addEventListener("load", draw);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", draw);
  else draw();
})();
