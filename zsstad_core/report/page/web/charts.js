// Charts by plotly, in the colours of the page; each is drawn anew when those change. Beside each stands a table.
const charts = [];

function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "card", "ink", "muted", "line", "faint", "grid", "heat", "unseen", "seen", "good", "bad"];
  const steps = [1, 2, 3, 4, 5, 6].map((place) => style.getPropertyValue(`--step-${place}`).trim());
  return { steps, ...Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])),
    text: getComputedStyle(document.body).fontFamily };
}

// plotly reads some markup in text: what comes from the data must not be taken for it.
const plain = (text) => say(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const tick = (name) => plain(short(name));

function chart(id, label, draw, table, { width = 0 } = {}) {
  const plot = el("div", { class: "plot", role: "img", "aria-label": label });
  if (width) plot.style.minWidth = `${width}px`;
  $(id).append(scroller(plot, label), ...(table ? [numbersOf(table)] : []));
  charts.push({ plot, draw });
  redraw(charts.at(-1));
}

function redraw({ plot, draw }) {
  const theme = colours();
  const { data, layout } = draw(theme);
  const axis = { gridcolor: theme.grid, zerolinecolor: theme.line, linecolor: theme.line, fixedrange: true, automargin: true };
  Plotly.react(plot, data, {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
    font: { family: theme.text, size: 13, color: theme.ink }, margin: { l: 8, r: 8, t: 8, b: 8 },
    hoverlabel: { bgcolor: theme.card, bordercolor: theme.line, font: { family: theme.text, color: theme.ink } },
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { color: theme.ink } },
    ...layout,
    xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
  }, { displayModeBar: false, responsive: true, doubleClick: false, showTips: false });
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(redraw));

const GROUPS = { unseen: { name: "unseen", pattern: "/" }, seen: { name: "seen", pattern: "" }, "": { name: "classes", pattern: "" } };

function drawClasses(rows) {
  const order = ["unseen", "seen", ""];
  const sorted = [...rows].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group) || (b.ap ?? -1) - (a.ap ?? -1));
  const overlaps = Object.keys(sorted[0].video_ap);
  const places = sorted.map((row, place) => ({ ...row, place }));
  const draw = (theme) => ({
    data: order.filter((group) => places.some((row) => row.group === group)).map((group) => {
      const own = places.filter((row) => row.group === group);
      return {
        type: "bar", orientation: "h", name: GROUPS[group].name, y: own.map((row) => row.place),
        x: own.map((row) => (row.ap === null ? 0 : 100 * row.ap)), text: own.map((row) => percent(row.ap)),
        textposition: "outside", cliponaxis: false, textfont: { color: theme.ink },
        marker: { color: theme[group || "seen"], pattern: { shape: GROUPS[group].pattern, fillmode: "overlay", fgcolor: theme.paper, fgopacity: .55, size: 7, solidity: .25 } },
        customdata: own.map((row) => [plain(row.name), percent(row.recall), row.boxes, row.detections]),
        hovertemplate: "%{customdata[0]}<br>AP %{text}, recall %{customdata[1]}<br>%{customdata[2]} boxes, %{customdata[3]} detections<extra></extra>",
      };
    }),
    layout: {
      height: 70 + 27 * places.length, bargap: 0.32, margin: { l: 8, r: 48, t: 36, b: 8 },
      xaxis: { range: [0, 100], title: { text: "AP, %" } },
      yaxis: { range: [places.length - 0.4, -0.6], tickvals: places.map((row) => row.place), ticktext: places.map((row) => tick(row.name)),
        showgrid: false, zeroline: false, ticklabelstandoff: 6 },
    },
  });
  const best = sorted.filter((row) => row.ap !== null).sort((a, b) => b.ap - a.ap);
  const extremes = best.length ? ` The best is ${say(best[0].name)} with ${percent(best[0].ap)} %, the worst ${say(best.at(-1).name)} with ${percent(best.at(-1).ap)} %.` : "";
  chart("ap-chart", `Bars of the frame AP of ${sorted.length} classes, unseen and seen apart.${extremes}`, draw, {
    title: "Frame AP, recall and video AP in percent",
    columns: ["class", "group", "AP", "recall", "boxes", "detections", ...overlaps.map((iou) => `video AP ${iou}`)],
    rows: sorted.map((row) => [say(row.name), mark(row.group), percent(row.ap), percent(row.recall), row.boxes, row.detections,
      ...overlaps.map((iou) => percent(row.video_ap[iou]))]),
  });
}

function drawCurves(curves) {
  const chooser = $("curve-class");
  chooser.append(el("option", { value: "" }, "all classes"),
    ...curves.map((curve, place) => el("option", { value: place }, `${say(curve.name)}${curve.group ? ` (${curve.group})` : ""}, AP ${percent(curve.ap)}`)));
  const first = curves.findIndex((curve) => curve.group === "unseen");
  if (first >= 0) chooser.value = String(first);
  const draw = (theme) => {
    const chosen = chooser.value === "" ? null : Number(chooser.value);
    const line = (curve, place) => {
      const bold = place === chosen;
      return {
        type: "scatter", mode: curve.recall.length > 1 ? "lines" : "markers", name: plain(curve.name), showlegend: false,
        x: curve.recall.map((value) => 100 * value), y: curve.precision.map((value) => 100 * value), customdata: curve.score,
        opacity: chosen === null ? 0.75 : bold ? 1 : 0.22,
        line: { color: theme[curve.group || "seen"], width: bold ? 3.5 : 1.5, dash: curve.group === "seen" ? "dot" : "solid" },
        fill: bold ? "tozeroy" : "none", fillcolor: `${theme[curve.group || "seen"]}1c`,
        hoverinfo: chosen === null || bold ? "all" : "skip",
        hovertemplate: "%{fullData.name}<br>precision %{y:.1f} %, recall %{x:.1f} %<br>score %{customdata:.3f}<extra></extra>",
      };
    };
    const lines = curves.map(line), notes = [];
    if (chosen !== null) {
      lines.push(...lines.splice(chosen, 1));  // on top
      const { best, recall, precision, score, group } = curves[chosen];
      if (best !== null) {
        const [x, y, right] = [100 * recall[best], 100 * precision[best], recall[best] > 0.5];
        notes.push({ x, y, text: `best F1, at score ${score[best].toFixed(2)}`, showarrow: true, arrowhead: 0, arrowcolor: theme.muted, standoff: 8,
          ax: right ? -70 : 70, ay: precision[best] > 0.8 ? 46 : -52, bgcolor: theme.paper, borderpad: 3, font: { color: theme.ink } });
        lines.push({ type: "scatter", mode: "markers", x: [x], y: [y], showlegend: false, cliponaxis: false,
          marker: { size: 11, color: theme.paper, line: { width: 3, color: theme[group || "seen"] } }, hoverinfo: "skip" });
      }
    }
    return { data: lines, layout: { height: 420, margin: { l: 8, r: 12, t: 12, b: 8 }, hovermode: "closest", annotations: notes,
      xaxis: { range: [0, 101], title: { text: "recall, %" } }, yaxis: { range: [0, 102], title: { text: "precision, %" } } } };
  };
  chart("pr-chart", `Precision over recall of ${curves.length} classes; the table has precision at some recalls.`, draw, {
    title: "Highest precision in percent at a recall of at least …",
    columns: ["class", "group", "AP", ...[10, 25, 50, 75, 90].map((recall) => `${recall} %`)],
    rows: curves.map((curve) => [say(curve.name), mark(curve.group), percent(curve.ap),
      ...[0.1, 0.25, 0.5, 0.75, 0.9].map((least) => {
        const reached = curve.precision.filter((_, place) => curve.recall[place] >= least);
        return reached.length ? (100 * Math.max(...reached)).toFixed(1) : "–";
      })]),
  });
  chooser.addEventListener("change", () => charts.filter(({ plot }) => $("pr-chart").contains(plot)).forEach(redraw));
}

function drawConfusions(all) {
  const chooser = $("confusion-of");
  chooser.append(...all.map(({ title }, place) => el("option", { value: place }, title)));
  chooser.parentElement.hidden = all.length === 1;
  const draw = () => {
    charts.filter(({ plot }) => $("confusion-chart").contains(plot)).forEach((each) => charts.splice(charts.indexOf(each), 1));
    $("confusion-chart").replaceChildren();
    drawConfusion(all[Number(chooser.value)]);
  };
  chooser.addEventListener("change", draw);
  draw();
}

function drawConfusion({ rows, columns, count, unseen }) {
  const total = count.map((row) => row.reduce((sum, value) => sum + value, 0));
  const share = count.map((row, place) => row.map((value) => (total[place] ? value / total[place] : 0)));
  const named = (name) => `${tick(name)}${unseen.includes(name) ? " ◆" : ""}`;
  const draw = (theme) => ({
    data: [{
      type: "heatmap", z: share, zmin: 0, zmax: 1, xgap: 2, ygap: 2, showscale: false,
      colorscale: [[0, theme.faint], [1, theme.heat]],
      text: share.map((row) => row.map((value) => (value >= 0.005 ? Math.round(100 * value) : ""))), texttemplate: "%{text}",
      textfont: { size: 12, color: theme.ink },
      customdata: count.map((row, from) => row.map((value, to) => [plain(rows[from]), plain(columns[to]), value, (100 * share[from][to]).toFixed(1)])),
      hovertemplate: "annotated: %{customdata[0]}<br>taken for: %{customdata[1]}<br>%{customdata[2]} persons, %{customdata[3]} %<extra></extra>",
    }],
    layout: {
      height: 150 + 28 * rows.length,
      xaxis: { side: "top", tickvals: columns.map((_, place) => place), ticktext: columns.map(named), tickangle: -55, showgrid: false, zeroline: false },
      yaxis: { autorange: "reversed", tickvals: rows.map((_, place) => place), ticktext: rows.map(named), showgrid: false, zeroline: false, ticklabelstandoff: 6 },
    },
  });
  const right = rows.map((name, place) => [name, columns.includes(name) ? share[place][columns.indexOf(name)] : null]).filter(([, value]) => value !== null);
  const best = right.sort((a, b) => b[1] - a[1])[0];
  chart("confusion-chart", `A matrix of annotated actions, a row each, and what they are taken for.${best ? ` Most often right: ${say(best[0])}, ${percent(best[1])} %.` : ""}`, draw, {
    title: "Persons; a row an annotated action, a column what it is taken for", columns: ["annotated", ...columns.map(say)],
    rows: rows.map((name, place) => [say(name), ...count[place]]),
  }, { width: 190 + 34 * columns.length });
}

const points = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(2));

function drawErrors({ kinds, in_turn: turns }) {
  const groups = Object.keys(kinds[0].cost);
  const draw = (theme) => ({
    data: groups.map((group) => ({
      type: "bar", orientation: "h", name: group, y: kinds.map((_, place) => place), x: kinds.map((kind) => 100 * (kind.cost[group] ?? 0)),
      text: kinds.map((kind) => points(kind.cost[group])), textposition: "outside", cliponaxis: false, textfont: { color: theme.ink },
      marker: { color: theme[group || "seen"], pattern: { shape: GROUPS[group].pattern, fillmode: "overlay", fgcolor: theme.paper, fgopacity: .55, size: 7, solidity: .25 } },
      customdata: kinds.map((kind) => [plain(kind.name), kind.count]),
      hovertemplate: "%{customdata[0]}: %{customdata[1]} in all<br>costs %{text} points of mAP<extra>%{fullData.name}</extra>",
    })),
    layout: {
      height: 90 + 28 * groups.length * kinds.length, bargap: 0.3, margin: { l: 8, r: 48, t: 36, b: 8 },
      xaxis: { rangemode: "tozero", title: { text: "points of mAP won by fixing it alone" } },
      yaxis: { range: [kinds.length - 0.4, -0.6], tickvals: kinds.map((_, place) => place), ticktext: kinds.map((kind) => tick(kind.name)), showgrid: false, zeroline: false, ticklabelstandoff: 6 },
    },
  });
  const worth = (kind) => Math.max(...groups.map((group) => kind.cost[group] ?? 0));
  const most = [...kinds].sort((a, b) => worth(b) - worth(a))[0];
  chart("errors-chart", `Bars of what each kind of error costs in mAP. The dearest is: ${most.name}, ${points(worth(most))} points.`, draw, {
    title: "Errors by kind: how many, and the mAP that each costs, in points",
    columns: ["kind", "count", "at the best F1", ...groups],
    rows: kinds.map((kind) => [kind.name, kind.count, kind.count_at_best, ...groups.map((group) => points(kind.cost[group]))]),
  });
  $("kinds").append(...kinds.map((kind) => el("div", {}, el("dt", {}, kind.name),
    el("dd", {}, `${kind.caption} ${kind.count_at_best.toLocaleString("en")} at the best F1, ${kind.count.toLocaleString("en")} in all.`))));
  if (turns.length) drawTurns(turns);
}

// From the mAP as it is to 100: what each fix adds, one after the other.
function drawTurns(turns) {
  const names = turns[0].steps.map(([name]) => name);
  const draw = (theme) => ({
    data: names.map((name, place) => {
      const gains = turns.map(({ steps }) => 100 * (steps[place][1] - (place ? steps[place - 1][1] : 0)));
      return {
        type: "bar", orientation: "h", name: plain(name), y: turns.map((_, row) => row), x: gains,
        text: gains.map((gain) => (gain >= 6 ? gain.toFixed(1) : "")), textposition: "inside", insidetextanchor: "middle", textangle: 0,
        textfont: { color: theme.ink }, marker: { color: place ? theme.steps[place - 1] : theme.faint, line: { color: theme.paper, width: 1.5 },
          pattern: { shape: ["", "", "/", "x", ".", "-", "\\"][place], fillmode: "overlay", fgcolor: theme.ink, fgopacity: .28, size: 6, solidity: .14 } },
        hovertemplate: `${plain(name)}: %{x:.2f} points<extra></extra>`,
      };
    }),
    layout: { barmode: "stack", height: 130 + 58 * turns.length, bargap: 0.35, margin: { l: 8, r: 16, t: 60, b: 8 },
      xaxis: { range: [0, 100.5], title: { text: "mAP, %" } }, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", font: { color: theme.ink } },
      yaxis: { range: [turns.length - 0.4, -0.6], tickvals: turns.map((_, row) => row), ticktext: turns.map(({ group }) => group || "all"), showgrid: false, zeroline: false, ticklabelstandoff: 6 } },
  });
  chart("turns-chart", "Bars from the mAP as it is to 100 percent, by fixing one kind of error after the other.", draw, {
    title: "mAP in percent after each fix in turn", columns: ["fixed", ...turns.map(({ group }) => group)],
    rows: names.map((name, place) => [name, ...turns.map(({ steps }) => points(steps[place][1]))]),
  });
}
