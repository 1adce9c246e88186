// What every other file uses. Text of the page's data becomes text nodes only, never markup.
"use strict";
const page = JSON.parse(document.getElementById("page").textContent);
const $ = (id) => document.getElementById(id);
const COLOURS = ["#ff9a4d", "#5cb3ff", "#86dd74", "#f285cf", "#f7d54a", "#bba4ff"];
const UNFOLLOWED = "#c9ccd2";

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const say = (name) => name.replaceAll("_", " ");
const short = (name, most = 24) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
const percent = (fraction) => (fraction === null ? "–" : (100 * fraction).toFixed(2));
const colourOf = (number) => (number > 0 ? COLOURS[(number - 1) % COLOURS.length] : UNFOLLOWED);
const plural = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

function mark(group, word = group) {
  return group ? el("span", { class: `mark ${group}` }, word) : document.createTextNode(word || "–");
}

// A table that scrolls by itself where it is too wide, then also by keyboard.
function tableOf({ title, columns, rows, ours = 0, note = "" }) {
  const head = el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)));
  const cell = (value) => (value instanceof Node ? value : value === null ? "–" : String(value));
  const body = rows.map((row, place) =>
    el("tr", { class: place < ours ? "ours" : null },
      ...row.map((value, column) => (column ? el("td", {}, cell(value)) : el("th", { scope: "row" }, cell(value))))));
  const table = el("table", {}, el("caption", {}, title), el("thead", {}, head), el("tbody", {}, ...body));
  const box = el("div", { class: "table" }, scroller(table, title));
  if (note) box.append(el("p", { class: "note" }, note));
  return box;
}

function scroller(child, name) {
  const box = el("div", { class: "scroll", role: "region", "aria-label": name }, child);
  new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
  return box;
}

function numbersOf(table, summary = "The numbers as a table") {
  return el("details", {}, el("summary", {}, summary), tableOf(table));
}

// ---- boxes over a picture, sharp at every size

// prefix: left out where there is little room.
function tagOf(text, [x1, y1, x2, y2], width, height, colour, kind, prefix = "") {
  const tag = el("span", { class: `tag ${kind}` }, el("span", { class: "prefix" }, prefix), text);
  const low = kind === "annotated";  // annotated boxes say what they are at their lower edge
  const edge = low ? y2 : y1;
  const room = low ? edge / height < 0.9 : edge / height < 0.09;
  tag.classList.toggle("under", room);
  tag.style.top = `${(100 * edge) / height}%`;
  if (x1 + x2 > width * 1.1) tag.style.right = `${(100 * Math.max(0, width - x2)) / width}%`;
  else tag.style.left = `${(100 * Math.max(0, x1)) / width}%`;
  if (!low) tag.style.background = colour;
  return tag;
}

function boxOf([x1, y1, x2, y2], colour, kind) {
  const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, rx: 0 };
  const box = svg("g", { class: kind }, svg("rect", { class: "halo", ...place }), svg("rect", { class: "edge", ...place }));
  if (kind !== "annotated") box.lastChild.style.stroke = colour;
  return box;
}
