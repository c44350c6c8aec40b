"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const tick = data.tick, parts = data.parts, advised = data.advised, steps = data.steps;
const $ = (id) => document.getElementById(id);
const PANELS = ["clearance", "attitude", "tip", "slip", "speed"];
// after Okabe and Ito: told apart with every kind of colour vision, on light and on dark ground
const PALETTE = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const OTHERS = "#98a1a8";
const TOUCH = matchMedia("(pointer: coarse)").matches;
const now = { row: 0, step: null, axis: "s", playing: false, rate: 1 };

const theme = () => {
  const css = getComputedStyle(document.documentElement);
  const names = ["paper", "panel", "ink", "soft", "rule", "grid", "accent", "advised", "danger", "caution", "advice", "danger-wash"];
  return Object.fromEntries(names.map((name) => [name, css.getPropertyValue("--" + name).trim()]));
};
let look = theme();

const known = (v) => v !== null && v !== undefined;
const cm = (v) => !known(v) ? "unknown" : v < 0 ? `${(-v).toFixed(1)} cm interference` : `${v.toFixed(1)} cm`;
const bold = (text) => { const b = document.createElement("b"); b.textContent = text; return b; };
const say = (id, ...pieces) => $(id).replaceChildren(...pieces);
const priorityColour = (priority) => look[priority] || look.advice;
// plotly reads a few tags in its texts: names from outside must not
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const names = data.part_names.map(plain);

function rollWords(deg) {
  if (!known(deg)) return "roll unknown";
  return Math.abs(deg) < 0.5 ? "level across" : `${deg > 0 ? "right" : "left"} side down ${Math.abs(deg).toFixed(1)}°`;
}
function pitchWords(deg) {
  if (!known(deg)) return "pitch unknown";
  return Math.abs(deg) < 0.5 ? "level along" : `nose ${deg > 0 ? "down" : "up"} ${Math.abs(deg).toFixed(1)}°`;
}

/* ---- parts: the six that come closest get a colour ---- */
const leastOf = (part) => Math.min(...[data.part_least[part], advised.part_least[part]].map((v) => known(v) ? v : Infinity));
const order = data.part_names.map((_, part) => part).sort((a, b) => leastOf(a) - leastOf(b));
const colourOf = {};
order.forEach((part, rank) => { colourOf[part] = rank < PALETTE.length ? PALETTE[rank] : OTHERS; });
const SHOWN_FIRST = 4;      // more curves at once hide each other; the rest is a click away
const shown = new Set(order.filter((part, rank) => rank < SHOWN_FIRST && leastOf(part) < Infinity));

/* ---- common form of the plots ---- */
const axisTitle = () => now.axis === "s" ? "distance driven, m" : "time, s";
const baseLayout = (height, yTitle, extra) => ({
  height, margin: { l: 52, r: 12, t: 10, b: 40 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  font: { family: "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", size: 12, color: look.soft },
  hoverlabel: { bgcolor: look.panel, bordercolor: look.rule, font: { color: look.ink, size: 12.5 }, align: "left" },
  xaxis: { title: { text: axisTitle(), standoff: 6 }, gridcolor: look.grid, zeroline: false, linecolor: look.rule, range: fullRange(), ticks: "", hoverformat: ".1f" },
  yaxis: { title: { text: yTitle, standoff: 4 }, gridcolor: look.grid, zeroline: true, zerolinecolor: look.soft, zerolinewidth: 1.2 },
  showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
  dragmode: TOUCH ? false : "zoom", hovermode: "x unified", ...extra,
});
const config = { displaylogo: false, responsive: true, displayModeBar: false, doubleClick: false };
function fullRange() {
  const values = [...tick[now.axis], ...advised[now.axis]].filter(known);
  if (!values.length) return [0, 1];
  let low = values[0], high = values[0];
  for (const v of values) { low = Math.min(low, v); high = Math.max(high, v); }
  const pad = 0.01 * (high - low || 1);
  return [low - pad, high + pad];
}
const curve = (y, name, colour, extra) => ({
  type: "scatter", mode: "lines", x: tick[now.axis], y, name, connectgaps: false, line: { color: colour, width: 1.8 }, ...extra,
});

/* ---- clearance ---- */
function groundText(curve_, i) {
  if (!known(curve_.gx[i])) return "ground point unknown";
  const east = data.origin[0] + curve_.gx[i] / 100, north = data.origin[1] + curve_.gy[i] / 100;
  return `over ground at ${east.toFixed(2)} E, ${north.toFixed(2)} N, height ${(curve_.gz[i] / 100).toFixed(2)} m`;
}
function clearanceText(curve_, part, where, line) {
  return curve_.c.map((c, i) => !known(c) ? "" : `<b>${names[part]}</b> ${cm(c)}${line}<br>`
    + `${known(where.s[i]) ? `at ${where.s[i].toFixed(1)} m` : "place unknown"}${known(where.t[i]) ? `, ${where.t[i].toFixed(1)} s` : ""}`
    + `${known(curve_.p[i]) ? `, ${curve_.p[i]} % risk of contact` : ""}<br>${groundText(curve_, i)}`);
}
function clearanceFigure() {
  const traces = [];
  for (const part of [...order].reverse()) {
    const visible = shown.has(part);
    const common = { visible, hoverinfo: "text", showlegend: false, meta: part };
    if (advised.parts.length && advised.s.length) {
      traces.push(curve(advised.parts[part].c, names[part], colourOf[part], { ...common, x: advised[now.axis], opacity: 0.85,
        text: clearanceText(advised.parts[part], part, advised, ", line advised"), line: { color: colourOf[part], width: 1.5, dash: "6px,4px" } }));
    }
    traces.push(curve(parts[part].c, names[part], colourOf[part], { ...common, text: clearanceText(parts[part], part, tick, "") }));
  }
  const least = Math.min(0, ...order.map(leastOf).filter(Number.isFinite));
  let high = 12;
  for (const part of shown) for (const c of parts[part].c) if (known(c) && c > high) high = c;
  const notes = data.places.slice(0, 3).map((place, i) => ({
    x: place[now.axis], y: place.c, text: `<b>${names[place.part]}</b> ${cm(place.c)}`, showarrow: true, arrowhead: 0, arrowwidth: 1,
    arrowcolor: look.ink, ax: place[now.axis] > 0.7 * fullRange()[1] ? -60 : 30, ay: 26 + 14 * i, font: { color: look.ink, size: 12 }, bgcolor: look.panel, borderpad: 2, opacity: 0.92,
  }));
  const marks = steps.map((step) => ({
    x: known(step.tick) ? tick[now.axis][step.tick] : null, y: 1, yref: "paper", yanchor: "bottom", text: String(step.n), showarrow: false,
    font: { size: 10, color: priorityColour(step.priority) },
  })).filter((mark) => known(mark.x));
  return [traces, baseLayout(innerWidth < 600 ? 320 : 380, "clearance, cm", {
    hovermode: "closest", hoverdistance: 24, annotations: [...marks, ...notes],
    margin: { l: 52, r: 12, t: 18, b: 40 },
    yaxis: { title: { text: "clearance, cm", standoff: 4 }, gridcolor: look.grid, zeroline: true, zerolinecolor: look.danger, zerolinewidth: 1.6,
      range: [Math.min(-8, least - 12), Math.min(high, 45) + 1] },
    shapes: [{ type: "rect", xref: "paper", x0: 0, x1: 1, y0: 0, y1: -1000, fillcolor: look["danger-wash"], line: { width: 0 }, layer: "below" }],
  })];
}
function buildChips() {
  const chips = order.map((part) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.style.setProperty("--colour", colourOf[part]);
    chip.setAttribute("aria-pressed", shown.has(part));
    const least = data.part_least[part];
    chip.classList.toggle("touches", known(least) && least < 0);
    chip.append(document.createElement("i"), data.part_names[part] + " ", bold(cm(least)));
    chip.title = "least clearance driven; click to show or hide";
    chip.onclick = () => {
      if (!shown.delete(part)) shown.add(part);
      chip.setAttribute("aria-pressed", shown.has(part));
      const touched = $("clearance").data.map((trace, i) => trace.meta === part ? i : -1).filter((i) => i >= 0);
      Plotly.restyle("clearance", { visible: shown.has(part) }, touched);
    };
    return chip;
  });
  $("chips").replaceChildren(...chips);
}

/* ---- attitude, tip margin, slip, speed ---- */
function band(mean, sd) {
  const x = [], y = [];
  let run = [];
  const close = () => {
    for (const i of run) { x.push(tick[now.axis][i]); y.push(mean[i] + 2 * sd[i]); }
    for (const i of run.reverse()) { x.push(tick[now.axis][i]); y.push(mean[i] - 2 * sd[i]); }
    if (run.length) { x.push(null); y.push(null); }
    run = [];
  };
  mean.forEach((m, i) => { if (known(m) && known(sd[i]) && known(tick[now.axis][i])) run.push(i); else close(); });
  close();
  return { x, y };
}
function attitudeFigure() {
  const [a, b] = ["#0072b2", "#d55e00"];
  const fill = (mean, sd, colour) => ({ type: "scatter", mode: "lines", ...band(mean, sd), fill: "toself", fillcolor: colour, opacity: 0.18,
    line: { width: 0 }, hoverinfo: "skip", showlegend: false });
  return [[
    fill(tick.roll, tick.sd_roll, a), fill(tick.pitch, tick.sd_pitch, b),
    curve(tick.roll, "roll, right side down +", a, { text: tick.roll.map(rollWords), hovertemplate: "%{text}<extra>roll</extra>" }),
    curve(tick.pitch, "pitch, nose down +", b, { text: tick.pitch.map(pitchWords), hovertemplate: "%{text}<extra>pitch</extra>" }),
  ], baseLayout(260, "angle, deg")];
}
function tipFigure() {
  const colours = ["#0072b2", "#56b4e9", "#d55e00", "#e69f00"];
  const sides = Object.keys(tick.tip).map((side, i) => curve(tick.tip[side], "to the " + side, colours[i],
    { hovertemplate: `%{y:.1f}°<extra>to the ${side}</extra>`, line: { color: colours[i], width: 1.8, dash: i % 2 ? "2px,3px" : "solid" } }));
  return [sides, baseLayout(260, "margin, deg", { yaxis: { title: { text: "margin, deg", standoff: 4 }, gridcolor: look.grid, zeroline: true,
    zerolinecolor: look.danger, zerolinewidth: 1.6, rangemode: "tozero" } })];
}
function slipFigure() {
  const colours = ["#0072b2", "#d55e00", "#56b4e9", "#e69f00"];
  let most = 20;
  for (const wheel of tick.slip) for (const v of wheel) if (known(v)) most = Math.max(most, Math.abs(v));
  return [tick.slip.map((slip, i) => curve(slip, data.wheels[i], colours[i], { hovertemplate: `%{y:.0f} %<extra>${data.wheels[i]}</extra>`,
    line: { color: colours[i], width: 1.4, dash: i > 1 ? "3px,2px" : "solid" } })),
  baseLayout(260, "slip, %", { yaxis: { title: { text: "slip, %", standoff: 4 }, gridcolor: look.grid, zeroline: true, zerolinecolor: look.soft,
    zerolinewidth: 1.2, range: [-1.05 * Math.min(most, 105), 1.05 * Math.min(most, 105)] } })];
}
function speedFigure() {
  return [[curve(tick.speed, "speed", "#009e73", { hovertemplate: "%{y:.2f} m/s<extra></extra>", fill: "tozeroy", fillcolor: "rgba(0,158,115,.10)" })],
    baseLayout(260, "speed, m/s", { showlegend: false, margin: { l: 52, r: 12, t: 26, b: 40 },
      yaxis: { title: { text: "speed, m/s", standoff: 4 }, gridcolor: look.grid, zeroline: true, zerolinecolor: look.soft, rangemode: "tozero" } })];
}

/* ---- map ---- */
function glyph(row) {
  const x = tick.x[row], y = tick.y[row], yaw = tick.yaw[row], g = data.glyph;
  if (!known(x) || !known(y) || !known(yaw)) return { outline: [[], []], wheels: [[], []] };
  const place = (points) => [points.map((p) => p && x + Math.cos(yaw) * p[0] - Math.sin(yaw) * p[1]),
    points.map((p) => p && y + Math.sin(yaw) * p[0] + Math.cos(yaw) * p[1])];
  if (!g) return { outline: place([[-1, 0.8], [3, 0.8], [4, 0], [3, -0.8], [-1, -0.8], [-1, 0.8]]), wheels: [[], []] };
  const tyre = 0.4, half = Math.max(g.track_front, g.track_rear) / 2, nose = g.front + 0.85, tail = g.rear - 0.75;
  const body = [[tail, half], [nose - 0.5, half], [nose, half * 0.7], [nose, -half * 0.7], [nose - 0.5, -half], [tail, -half], [tail, half]];
  const wheel = (ahead, left) => [[ahead - tyre, left], [ahead + tyre, left], null];
  return { outline: place(body), wheels: place([...wheel(g.front, g.track_front / 2), ...wheel(g.front, -g.track_front / 2),
    ...wheel(g.rear, g.track_rear / 2), ...wheel(g.rear, -g.track_rear / 2)]) };
}
function groundPoint(row) {
  const part = tick.least_part[row];
  if (part < 0 || !known(parts[part].gx[row])) return [[], []];
  return [[parts[part].gx[row] / 100], [parts[part].gy[row] / 100]];
}
function mapFigure() {
  const m = data.map, blue = "#005a9c", orange = "#e05f00";
  const line = (x, y, name, colour, width, extra) => ({ type: "scatter", mode: "lines", x, y, name, line: { color: colour, width, ...(extra || {}).line },
    hoverinfo: "skip", ...Object.fromEntries(Object.entries(extra || {}).filter(([key]) => key !== "line")) });
  const traces = [];
  if (m.trail_x.length) {
    traces.push(line(m.trail_x, m.trail_y, "trail", "rgba(40,40,40,.55)", 1.2, { line: { dash: "dot" } }));
  }
  traces.push(line(tick.x, tick.y, "", "rgba(255,255,255,.85)", 6, { showlegend: false }));
  traces.push(line(tick.x, tick.y, "line driven", blue, 3, { hoverinfo: "text", meta: "driven",
    text: tick.t.map((t, i) => `${t.toFixed(1)} s, ${known(tick.s[i]) ? tick.s[i].toFixed(1) + " m" : "distance unknown"}<br>`
      + `${pitchWords(tick.pitch[i])}, ${rollWords(tick.roll[i])}<br>least clearance ${cm(tick.least[i])}`
      + (tick.least_part[i] >= 0 ? ` (${names[tick.least_part[i]]})` : "")) }));
  if (data.afterwards.x.length) traces.push(line(data.afterwards.x, data.afterwards.y, "line driven, smoothed", "#7b2d8b", 1.4));
  if (advised.x.length) {
    traces.push(line(advised.x, advised.y, "", "rgba(255,255,255,.7)", 5, { showlegend: false }));
    traces.push(line(advised.x, advised.y, "line advised", orange, 2.6, { line: { dash: "7px,4px" } }));
  }
  traces.push({ type: "scatter", mode: "markers", x: data.places.map((p) => p.gx), y: data.places.map((p) => p.gy), name: "least clearance",
    marker: { symbol: "x-thin", size: 11, line: { color: "#b3261e", width: 3 } }, hoverinfo: "text", meta: "places",
    hovertext: data.places.map((p) => `<b>${names[p.part]}</b> ${cm(p.c)}<br>at ${p.s.toFixed(1)} m, ${p.t.toFixed(1)} s`
      + (known(p.gx) ? `<br>ground ${(data.origin[0] + p.gx).toFixed(2)} E, ${(data.origin[1] + p.gy).toFixed(2)} N, height ${p.gz.toFixed(2)} m` : "")) });
  const placed = steps.filter((step) => known(step.x) && known(step.y));
  traces.push({ type: "scatter", mode: "markers+text", x: placed.map((s) => s.x), y: placed.map((s) => s.y), name: "step, where to do it",
    text: placed.map((s) => String(s.n)), textfont: { size: 10, color: "#fff" }, textposition: "middle center", hoverinfo: "text", meta: "steps",
    customdata: placed.map((s) => s.n - 1), hovertext: placed.map((s) => `<b>${s.n}</b> ${plain(wordsOf(s))}`),
    marker: { size: 18, color: placed.map((s) => ({ danger: "#b3261e", caution: "#9a6200" }[s.priority] || "#33516b")), line: { color: "#fff", width: 1.5 } } });
  const wide = $("map").clientWidth || 1000, height = Math.max(190, Math.min(620, 50 + (wide - 64) * m.height / m.width)), labels = wide < 600 ? 1 : 3;
  const axis = { gridcolor: "rgba(120,120,110,.18)", zeroline: false, linecolor: look.rule, ticks: "" };
  return [traces, baseLayout(height, "", {
    margin: { l: 52, r: 12, t: 8, b: 42 }, hovermode: "closest", dragmode: TOUCH ? false : "pan",
    xaxis: { ...axis, exponentformat: "none", tickformat: "d", title: { text: `east, m from ${data.origin[0]}`, standoff: 6 }, range: [m.west, m.west + m.width], constrain: "range" },
    yaxis: { ...axis, exponentformat: "none", tickformat: "d", title: { text: wide < 600 ? "north, m" : `north, m from ${data.origin[1]}`, standoff: 4 }, range: [m.north - m.height, m.north], scaleanchor: "x", scaleratio: 1, constrain: "range" },
    images: [{ source: m.image, xref: "x", yref: "y", x: m.west, y: m.north, sizex: m.width, sizey: m.height, sizing: "stretch", layer: "below", opacity: 1 }],
    annotations: [{ xref: "paper", yref: "paper", x: 0.995, y: 0.98, text: "<b>N</b><br>↑", showarrow: false, font: { size: 13, color: "#1d2226" },
      bgcolor: "rgba(255,255,255,.75)", borderpad: 4 }, ...data.places.slice(0, labels).filter((p) => known(p.gx)).map((p, i) => ({
      x: p.gx, y: p.gy, text: `<b>${names[p.part]}</b> ${cm(p.c)}`, showarrow: true, arrowhead: 0, arrowwidth: 1.2, arrowcolor: "#b3261e",
      ax: i % 2 ? -24 : 24, ay: (i % 2 ? -1 : 1) * (wide < 600 ? 34 : 58), font: { size: 12, color: "#1d2226" }, bgcolor: "rgba(255,255,255,.88)", borderpad: 3 }))],
    showlegend: false,
  })];
}
function buildMapKey() {
  const item = (kind, text) => {
    const span = document.createElement("span"), mark = document.createElement("i");
    mark.className = kind;
    span.append(mark, text);
    return span;
  };
  const key = [item("driven", "line driven")];
  if (data.afterwards.x.length) key.push(item("afterwards", "the same, smoothed over the whole log"));
  if (advised.x.length) key.push(item("advised", "line advised"));
  if (data.map.trail_x.length) key.push(item("trail", "trail asked for"), item("corridor", `corridor, ${data.map.half_width} m each side`));
  if (data.places.length) key.push(item("least", "least clearance"));
  if (steps.length) key.push(item("step", "where to do a step"));
  $("map-key").replaceChildren(...key);
}
function wordsOf(step) {
  const cell = document.querySelector(`#step-${step.n} .words strong`);
  return cell ? cell.textContent : "";
}

/* ---- draw ---- */
const FIGURES = { clearance: clearanceFigure, attitude: attitudeFigure, tip: tipFigure, slip: slipFigure, speed: speedFigure };
let following = false;
function draw() {
  look = theme();
  Plotly.react("map", ...mapFigure(), { ...config, doubleClick: "reset" });
  for (const id of PANELS) Plotly.react(id, ...FIGURES[id](), config);
  showMoment();
}
function wire() {
  for (const id of PANELS) {
    const plot = $(id), line = document.createElement("div");
    line.className = "cursor";
    line.id = "cursor-" + id;
    plot.append(line);
    plot.on("plotly_relayout", (change) => { if (!following && touchesX(change)) follow(id); placeCursors(); });
    plot.on("plotly_afterplot", placeCursors);
    plot.on("plotly_doubleclick", () => Plotly.relayout(id, wholeView(id)));
    const seek = (event) => { const row = rowUnder(plot, event); if (row !== null) show(row); };
    plot.addEventListener("pointermove", (event) => { if (!now.playing && event.pointerType !== "touch") seek(event); });
    plot.addEventListener("pointerdown", seek);
  }
  const map = $("map");
  addVehicle();
  for (const event of ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"]) map.on(event, () => moveVehicle(now.row));
  const fromMap = (event, clicked) => {
    const point = event.points[0];
    if (point.data.meta === "driven" && (clicked || !now.playing)) show(point.pointNumber);
    if (point.data.meta === "steps" && clicked) choose(point.customdata);
    if (point.data.meta === "places" && clicked) show(rowAt("t", data.places[point.pointNumber].t));
  };
  map.on("plotly_hover", (event) => fromMap(event, false));
  map.on("plotly_click", (event) => fromMap(event, true));
}
function wholeView(id) {
  const y = FIGURES[id]()[1].yaxis.range;
  return { "xaxis.range": fullRange(), ...(y ? { "yaxis.range": y } : { "yaxis.autorange": true }) };
}
const touchesX = (change) => Object.keys(change).some((key) => key.startsWith("xaxis."));
function follow(id) {
  following = true;
  const range = $(id).layout.xaxis.range.slice();
  Promise.all(PANELS.filter((other) => other !== id).map((other) => Plotly.relayout(other, { "xaxis.range": range })))
    .finally(() => { following = false; placeCursors(); });
}
function rowUnder(plot, event) {
  const axis = plot._fullLayout.xaxis, x = event.clientX - plot.getBoundingClientRect().left - axis._offset;
  return x < 0 || x > axis._length ? null : rowAt(now.axis, axis.p2l(x));
}
const ascending = {};
function rowAt(name, value) {
  if (!ascending[name]) ascending[name] = tick[name].map((v, i) => [v, i]).filter(([v]) => known(v));
  const list = ascending[name];
  if (!list.length) return null;
  let low = 0, high = list.length - 1;
  while (low < high) { const middle = (low + high) >> 1; if (list[middle][0] < value) low = middle + 1; else high = middle; }
  if (low > 0 && value - list[low - 1][0] < list[low][0] - value) low -= 1;
  return list[low][1];
}

/* ---- the cursor: one moment, shown everywhere ---- */
function show(row, step) {
  if (row === null || row === undefined) return;
  now.row = row;
  now.step = step !== undefined ? step : stepBy(row);
  schedule();
}
function choose(index) { if (steps[index] && known(steps[index].tick)) show(steps[index].tick, index); }
function stepBy(row) {
  let found = null;
  steps.forEach((step, i) => { if (known(step.tick) && step.tick <= row) found = i; });
  return found;
}
let waiting = false;
function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; showMoment(); });
}
function placeCursors() {
  for (const id of PANELS) {
    const line = $("cursor-" + id), plot = $(id);
    if (!line || !plot._fullLayout || !plot._fullLayout.xaxis) continue;
    const x = plot._fullLayout.xaxis, y = plot._fullLayout.yaxis, value = tick[now.axis][now.row];
    const at = known(value) ? x.l2p(value) : -1;
    line.style.display = at < 0 || at > x._length ? "none" : "block";
    line.style.left = `${x._offset + at}px`;
    line.style.top = `${y._offset}px`;
    line.style.height = `${y._length}px`;
  }
}
function showMoment() {
  placeCursors();
  const i = now.row;
  document.body.dataset.row = i;
  if (!tick.t.length) { say("clock", "no ticks"); showStep(); return; }
  say("clock", bold(`${tick.t[i].toFixed(1)} s`), known(tick.s[i]) ? ` · ${tick.s[i].toFixed(1)} m` : " · distance unknown");
  $("scrub").value = tick.t[i];
  const least = tick.least_part[i];
  say("live-clearance", "least ", bold(cm(tick.least[i])), least >= 0 ? ` ${data.part_names[least]}` : "");
  say("live-attitude", bold(pitchWords(tick.pitch[i])), ", ", bold(rollWords(tick.roll[i])));
  const sides = Object.entries(tick.tip).filter(([, v]) => known(v[i])).sort((a, b) => a[1][i] - b[1][i]);
  say("live-tip", ...(sides.length ? [bold(`${sides[0][1][i].toFixed(1)}°`), ` to the ${sides[0][0]}`] : [bold("unknown")]));
  const slips = tick.slip.map((v, wheel) => [v[i], wheel]).filter(([v]) => known(v)).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
  say("live-slip", ...(slips.length ? [bold(`${slips[0][0].toFixed(0)} %`), ` ${data.wheels[slips[0][1]]}`] : [bold("unknown")]));
  say("live-speed", bold(known(tick.speed[i]) ? `${tick.speed[i].toFixed(2)} m/s` : "unknown"));
  say("live-map", known(tick.x[i]) ? `${(data.origin[0] + tick.x[i]).toFixed(1)} E, ${(data.origin[1] + tick.y[i]).toFixed(1)} N` : "position unknown");
  moveVehicle(i);
  showStep();
}
// the vehicle lies over the map as a drawing of its own: redrawing the whole map at each move would stutter
function moveVehicle(row) {
  const full = $("map")._fullLayout, overlay = $("vehicle");
  if (!full || !full.xaxis || !overlay) return;
  const { xaxis, yaxis } = full, g = glyph(row), [px, py] = groundPoint(row);
  Object.assign(overlay.style, { left: `${xaxis._offset}px`, top: `${yaxis._offset}px`, width: `${xaxis._length}px`, height: `${yaxis._length}px` });
  const path = ([xs, ys]) => {
    let pen = "M";
    return xs.map((x, i) => {
      if (!known(x)) { pen = "M"; return ""; }
      const piece = `${pen}${xaxis.l2p(x).toFixed(1)},${yaxis.l2p(ys[i]).toFixed(1)}`;
      pen = "L";
      return piece;
    }).join("");
  };
  overlay.children[0].setAttribute("d", path(g.outline));
  overlay.children[1].setAttribute("d", path(g.wheels));
  overlay.children[2].setAttribute("visibility", px.length ? "visible" : "hidden");
  if (px.length) {
    overlay.children[2].setAttribute("cx", xaxis.l2p(px[0]).toFixed(1));
    overlay.children[2].setAttribute("cy", yaxis.l2p(py[0]).toFixed(1));
  }
}
function addVehicle() {
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const overlay = svg("svg", { id: "vehicle" });
  overlay.append(svg("path", { class: "body" }), svg("path", { class: "wheels" }), svg("circle", { r: 6.5 }));
  $("map").append(overlay);
}
function whyOf(cell) {
  const [reason, figures] = [cell.firstChild.nodeType === Node.TEXT_NODE ? cell.firstChild.textContent : "", cell.querySelector(".said").textContent];
  return [reason, figures].filter(Boolean).map((text, i) => i || !reason ? ` · ${text}` : ` · why: ${text}`);
}
let stepShown;
function showStep() {
  if (stepShown === now.step) return;
  stepShown = now.step;
  document.querySelectorAll("[aria-current=true]").forEach((element) => element.removeAttribute("aria-current"));
  const step = now.step === null ? null : steps[now.step];
  $("now").dataset.priority = step ? step.priority : "";
  say("now-badge", step ? String(step.n) : "–");
  if (!step) {
    say("now-words", steps.length ? "Nothing said yet" : "No step was spoken on this drive");
    say("now-meta", steps.length ? `${steps.length} steps on this drive: click one on the time line, or press play` : "");
    return;
  }
  const row = $(`step-${step.n}`), cells = row.children;
  say("now-words", wordsOf(step));
  say("now-meta", bold(step.priority), ` · ${cells[3].textContent} still to go · said at ${step.t.toFixed(1)} s`, ...whyOf(cells[4]));
  row.setAttribute("aria-current", "true");
  const mark = $("lanes").children[now.step];
  if (mark) mark.setAttribute("aria-current", "true");
}

/* ---- time line, table, playing ---- */
function buildTimeline() {
  const t = tick.t, span = t.length > 1 ? t[t.length - 1] - t[0] : 1;
  Object.assign($("scrub"), { min: t.length ? t[0] : 0, max: t.length ? t[t.length - 1] : 1, step: 0.01 });
  $("scrub").oninput = (event) => show(rowAt("t", Number(event.target.value)));
  $("lanes").replaceChildren(...steps.map((step, i) => {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.dataset.priority = step.priority;
    mark.style.left = `${known(step.tick) ? 100 * (t[step.tick] - t[0]) / span : 0}%`;
    mark.title = `${step.n}: ${wordsOf(step)}`;
    mark.setAttribute("aria-label", mark.title);
    mark.onclick = () => choose(i);
    return mark;
  }));
  document.querySelectorAll("#steps tr[data-step]").forEach((row) => { row.onclick = () => choose(Number(row.dataset.step)); });
  const move = (by) => choose(now.step === null ? (by > 0 ? 0 : -1) : now.step + by);
  $("previous").onclick = () => move(-1);
  $("next").onclick = () => move(1);
  $("rate").onclick = () => { now.rate = now.rate >= 8 ? 1 : now.rate * 2; $("rate").textContent = `${now.rate}×`; };
  $("play").onclick = () => now.playing ? pause() : play();
  document.querySelectorAll("input[name=axis]").forEach((input) => { input.onchange = () => { now.axis = input.value; draw(); }; });
}
function play() {
  const t = tick.t;
  if (t.length < 2) return;
  if (now.row >= t.length - 1) show(0);
  now.playing = true;
  $("play").textContent = "❚❚";
  $("play").setAttribute("aria-label", "pause");
  let clock = t[now.row], before = null, mine = now.row;
  const frame = (stamp) => {
    if (!now.playing) return;
    if (now.row !== mine) clock = t[now.row];       // somebody moved the cursor meanwhile
    if (before !== null) clock += (stamp - before) / 1000 * now.rate;
    before = stamp;
    let row = now.row;
    while (row < t.length - 1 && t[row + 1] <= clock) row += 1;
    if (row !== now.row) show(row);
    mine = row;
    if (row >= t.length - 1) pause(); else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
function pause() {
  now.playing = false;
  $("play").textContent = "▶";
  $("play").setAttribute("aria-label", "play");
}

buildChips();
buildMapKey();
buildTimeline();
draw();
wire();
placeCursors();
if (steps.length) choose(0);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
