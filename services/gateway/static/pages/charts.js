// Pictures of reports: <div class="chart" id="…" data-chart="{kind, labels, series}">. Each of their
// numbers stands in a table as well.

(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function options({ kind, labels, series }) {
    const words = { color: colour("--tblr-secondary") };
    const line = { lineStyle: { color: colour("--tblr-border-color") } };
    return {
      animation: false,
      textStyle: { fontFamily: "Inter, system-ui, sans-serif" },
      color: ["#2f7de1", "#2fa36b", "#c98a1b", "#9b59d0"],
      grid: { left: 8, right: 16, top: series.length > 1 ? 36 : 16, bottom: 8, containLabel: true },
      legend: series.length > 1 ? { top: 0, textStyle: words } : undefined,
      // The policy allows no styles within texts: tips are drawn, not written.
      tooltip: { trigger: "axis", renderMode: "richText" },
      xAxis: { type: "category", data: labels, axisLabel: { ...words, hideOverlap: true, width: 110, overflow: "truncate" }, axisLine: line },
      yAxis: { type: "value", axisLabel: words, splitLine: line },
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
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", draw);
  else draw();
})();
