// The page from top to bottom: each part that has data is filled, shown, and named in the contents.
function reveal(id, fill) {
  const section = $(id);
  section.hidden = false;  // first: what is hidden has no width to draw a chart in
  fill();
  $("contents").append(el("li", {}, el("a", { href: `#${id}` }, section.querySelector("h2").textContent)));
}

$("title").textContent = page.title;
$("lead").textContent = page.lead;
$("numbers").append(...page.numbers.map(({ name, value, caption }) =>
  el("div", { class: ["unseen", "seen"].includes(name) ? `is-${name}` : null }, el("dt", {}, el("b", {}, name), caption), el("dd", {}, value))));
$("notes").append(...page.notes.map((note) => el("li", {}, note)));

const parts = [
  ["results", page.tables.length, () => $("tables").append(...page.tables.map(tableOf))],
  ["player", page.clips.length, startPlayer],
  ["classes", page.classes.length, () => drawClasses(page.classes)],
  ["curves", page.curves.length, () => drawCurves(page.curves)],
  ["confusion", page.confusions.length, () => drawConfusions(page.confusions)],
  ["errors", page.errors, () => drawErrors(page.errors)],
  ["moments", page.moments.length, () => drawMoments(page.moments)],
  ["attention", page.attention.length, () => drawAttention(page.attention)],
  ["made", page.made.length, drawMade],
];

function drawMade() {
  $("groups").append(...page.made.map(({ title, entries }, place) => el("details", { open: place === 0 },
    el("summary", {}, title), el("dl", {}, ...entries.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])))));
}

for (const [id, there, fill] of parts) {
  if (there) reveal(id, fill);
}

document.documentElement.dataset.drawn = "yes";  // for whoever waits for it
