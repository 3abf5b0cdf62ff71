"use strict";
// Sorting, filtering, and what is behind a cell. Foreign text only ever becomes the text of a node.

const { leaderboard, runs } = JSON.parse(document.getElementById("data").textContent);
const COLOURS = 7;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function points(value, sign) {
  const text = value.toFixed(2).replace("-", "−");
  return sign && value > 0 ? `+${text}` : text;
}

// ---- sorting: numbers from the highest, names from the first; what is missing comes last; equal rows stay in their order

function sortBy(heading) {
  const rows = heading.closest("table").tBodies[0];
  const index = heading.cellIndex;
  const numeric = heading.dataset.kind === "number";
  const first = numeric && heading.dataset.best !== "low" ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = heading.getAttribute("aria-sort") === first ? other : first;
  for (const one of heading.parentNode.cells) one.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const factor = order === "ascending" ? 1 : -1;
  const value = (row) => row.cells[index].dataset.value;
  const sorted = [...rows.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    return factor * (numeric ? x - y : x.localeCompare(y));
  });
  rows.append(...sorted);
}

function filter(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll(".board tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
  }
}

// ---- behind a cell

function shown(dialog, table, row, key) {
  const column = table.columns.find((one) => one.key === key);
  const cell = row.cells[key];
  const close = element("button", "close", "close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(close, element("h3", `${row.name} on ${column.heading}`));
  dialog.append(element("p", `${column.metric} on ${column.split}: ${summary(cell)}`), ...standing(cell.standing));
  if (cell.published) {
    const { value, difference, source } = cell.published;
    dialog.append(element("p", `published ${points(value)}, ours ${points(difference, true)} (${source})`));
  }
  dialog.append(...results(cell), ...curves(cell), ...tried(row, column), ...commands(cell));
}

function summary(cell) {
  const spread = cell.std === null ? "" : ` ± ${points(cell.std)}`;
  return `${points(cell.mean)}${spread} over ${cell.seeds.length} seed${cell.seeds.length === 1 ? "" : "s"}`;
}

function standing(tested) {
  if (!tested) return [];
  const interval = tested.low === null ? "" : `, 95% interval ${points(tested.low)} to ${points(tested.high)}`;
  const lines = [element("p", `rank ${tested.rank}, ties ${tested.letters}${interval}`)];
  const against = tested.against;
  if (against) {
    const range = `${points(against.low, true)} to ${points(against.high, true)}`;
    const p = `p ${against.p.toPrecision(2)}, ${against.adjusted.toPrecision(2)} after Holm over ${against.family}`;
    const text = `${against.verdict} than the named row by ${points(against.difference, true)} (${range}); ${against.test}, ${p}`;
    lines.push(element("p", against.verdict === "tied" ? text.replace("tied than", "tied with") : text, against.verdict));
  }
  return lines;
}

function results(cell) {
  const table = element("table");
  const others = Object.keys(cell.others);
  table.append(line("th", ["run", "seed", "value", ...others, "best epoch", "seconds", "device"]));
  cell.runs.forEach((id, index) => {
    const run = runs[id] ?? {};
    const values = others.map((name) => points(cell.others[name][index]));
    const best = run.best_epoch == null ? "" : `${run.best_epoch} of ${run.epochs}`;
    const row = line("td", [id, cell.seeds[index], points(cell.values[index]), ...values, best, run.seconds ?? "", run.device ?? ""]);
    row.firstChild.className = `seed${index % COLOURS}`;
    table.append(row);
  });
  return [element("h4", "Runs"), table];
}

function line(kind, texts) {
  const made = element("tr");
  made.append(...texts.map((text) => element(kind, text)));
  return made;
}

function commands(cell) {
  const known = cell.runs.filter((id) => runs[id]?.command);
  if (!known.length) return [];
  return [element("h4", "Commands that repeat them"), ...known.map((id) => element("code", runs[id].command, "command"))];
}

function tried(row, column) {
  const searched = row.tuning?.tried[column.task + (column.version ? ` (${column.version})` : "")];
  if (!searched) return [];
  const table = element("table");
  table.append(line("th", ["setting", "mean on dev", "runs", "chosen"]));
  for (const { setting, dev, runs: ids, chosen } of searched) {
    table.append(line("td", [setting, dev === null ? "–" : points(dev), ids.length, chosen ? "✓" : ""]));
  }
  return [element("h4", "Settings that were tried"), table];
}

function curves(cell) {
  const names = [...new Set(cell.runs.flatMap((id) => Object.keys(runs[id]?.curves ?? {})))].sort();
  if (!names.length) return [];
  const box = element("div", undefined, "curves");
  for (const name of names) {
    box.append(chart(name, cell.runs.map((id) => runs[id]?.curves[name] ?? [])));
  }
  return [element("h4", "Learning curves, a line for each seed"), box];
}

function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function chart(name, lines) {
  const [width, height, left, bottom, top] = [250, 140, 42, 18, 8];
  const all = lines.flat();
  const [xs, ys] = [all.map((point) => point[0]), all.map((point) => point[1])];
  const [right, low, high] = [Math.max(...xs, 1), Math.min(...ys), Math.max(...ys)];
  const x = (step) => left + ((width - left - 6) * step) / right;
  const y = (value) => height - bottom - ((height - bottom - top) * (value - low)) / (high - low || 1);
  const picture = svg("svg", { width, height, role: "img", "aria-label": `${name} by step` });
  picture.append(
    svg("line", { x1: left, x2: width - 6, y1: height - bottom, y2: height - bottom, class: "axis" }),
    svg("line", { x1: left, x2: left, y1: top, y2: height - bottom, class: "axis" }),
    svg("text", { x: left - 4, y: top + 6, "text-anchor": "end" }, high.toPrecision(3)),
    svg("text", { x: left - 4, y: height - bottom, "text-anchor": "end" }, low.toPrecision(3)),
    svg("text", { x: left, y: height - 4 }, "0"),
    svg("text", { x: width - 6, y: height - 4, "text-anchor": "end" }, `step ${right}`),
  );
  lines.forEach((points, index) => {
    const joined = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    picture.append(svg("polyline", { points: joined, class: `seed${index % COLOURS}` }));
  });
  const figure = element("figure");
  figure.append(picture, element("figcaption", name));
  return figure;
}

// ---- what reacts

const dialog = document.querySelector("dialog");
for (const button of document.querySelectorAll(".board thead button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}
for (const button of document.querySelectorAll(".board td button")) {
  button.addEventListener("click", () => {
    const table = leaderboard.tables[button.closest("table").dataset.table];
    shown(dialog, table, table.rows[button.closest("tr").dataset.row], button.closest("td").dataset.key);
    dialog.showModal();
    dialog.scrollTop = 0;
  });
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
document.querySelector("input[type=search]").addEventListener("input", (event) => filter(event.target.value));
