// What persons attend to: patches of the frame, or in each block persons, objects, the frame itself and its neighbours.
const BLOCKS = { persons: "Persons", objects: "Objects", context: "Context", memory: "Memory" };
const signed = (offset) => (offset < 0 ? `−${-offset}` : `+${offset}`);

// A button for each person; the first is chosen at the start.
function personButtons(persons, choose) {
  const buttons = persons.map((person) => {
    const button = el("button", { type: "button", "aria-label": `person ${person.number}`, "aria-pressed": String(person === persons[0]) },
      el("span", { class: "chip", style: `background:${colourOf(person.number)}` }, String(person.number)));
    button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      choose(person);
    });
    return button;
  });
  choose(persons[0]);
  return el("ul", { class: "signs" }, ...buttons.map((button) => el("li", {}, button)));
}

function patchesOf(shown) {
  const persons = shown.persons;
  const { node, over } = pictureOf(shown.picture, `${shown.video_id}, frame ${shown.frame}. ${persons.map((p) => p.text).join("; ")}`);
  const text = el("span", { class: "faint", role: "status" });
  let chosen = persons[0];
  const draw = () => {
    over.replaceChildren();
    const most = Math.max(...chosen.weight.flat()) || 1;
    const byWeight = $("attention-of").value === "weight";
    shown.patches.forEach((row, r) => row.forEach(([x1, y1, x2, y2], c) => {
      const light = byWeight ? chosen.weight[r][c] / most : Number(chosen.chosen[r][c]);
      over.append(svg("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, fill: "#000", "fill-opacity": 0.78 * (1 - light), "shape-rendering": "crispEdges" }));
      if (!byWeight && chosen.chosen[r][c]) over.append(boxOf([x1, y1, x2, y2], colourOf(chosen.number), "patch"));
    }));
    over.append(boxOf(chosen.corners, colourOf(chosen.number), "detected reason"));
    text.textContent = `Person ${chosen.number}: ${chosen.text}. ${chosen.others} ${shown.caption}`;
  };
  $("attention-of").addEventListener("change", draw);
  const buttons = personButtons(persons, (person) => { chosen = person; draw(); });
  return el("figure", {}, node, buttons, el("figcaption", {}, el("b", {}, `${shown.video_id}, frame ${shown.frame}`), text));
}

function blocksOf(shown) {
  const { persons, objects, picture: { width, height } } = shown;
  const named = [...persons.map((one) => `person ${one.number}: ${one.text}`), ...objects.map((one) => `object ${one.letter}: ${say(one.text)}`)];
  const { node, over } = pictureOf(shown.picture, `${shown.video_id}, frame ${shown.frame}. ${named.join("; ")}`);
  for (const { letter, corners } of objects) {
    over.append(boxOf(corners, UNFOLLOWED, "object"));
    node.append(tagOf(letter, corners, width, height, UNFOLLOWED, "object"));
  }
  const boxes = persons.map(({ number, corners }) => {
    node.append(tagOf(String(number), corners, width, height, colourOf(number), "detected"));
    return boxOf(corners, colourOf(number), "detected");
  });
  over.append(...boxes);
  const text = el("span", { class: "faint", role: "status" });
  const blocks = el("div", { class: "each-block" });
  const buttons = personButtons(persons, (chosen) => {
    boxes.forEach((box, place) => box.classList.toggle("reason", persons[place] === chosen));
    text.textContent = `Person ${chosen.number}: ${chosen.text}.`;
    blocks.replaceChildren(...chosen.blocks.map((block, place) => blockOf(block, `${place + 1}. ${BLOCKS[block.kind]}`, chosen, shown)));
  });
  const caption = el("figcaption", {}, el("b", {}, `${shown.video_id}, frame ${shown.frame}`), text);
  return el("figure", {}, el("div", {}, node, buttons, caption), blocks);
}

// A bar for each key and one for the empty slots, all on the scale from 0 to 100 %; of the memory one for all frames.
function blockOf(block, title, chosen, shown) {
  const { kind, keys, weight } = block;
  const names = {
    persons: (key) => `person ${key}${key === chosen.number ? " (itself)" : ""}`,
    objects: (key) => `object ${shown.objects[key].letter}, ${say(shown.objects[key].text)}`,
    context: () => "the whole frame",
  };
  const rows = kind === "memory"
    ? [[plural(keys.length, "other frame"), weight.reduce((sum, share) => sum + share, 0)]]
    : keys.map((key, place) => [names[kind](key), weight[place]]);
  if (block.empties) rows.push([plural(block.empties, "empty slot"), block.empty, "empties"]);
  const there = keys.length || block.empties;
  const table = el("table", { class: "attended" }, el("caption", {}, title), el("tbody", {}, ...(there ? rows : []).map(([name, share, empty]) =>
    el("tr", { class: empty }, el("th", { scope: "row" }, name),
      el("td", { "aria-hidden": "true" }, el("div", { class: "track" }, el("i", { style: `width:${(100 * share).toFixed(3)}%` }))),
      el("td", { class: "share" }, `${percent(share)} %`)))));
  const more = kind === "memory" && keys.length ? memoryOf(block, shown.frame) : [];
  return el("div", {}, table, ...(there ? more : [el("p", { class: "note" }, "Nothing to attend to: the person stays as it is.")]));
}

// Bars over the neighbouring frames, the tallest as high as the chart; they would be too low to be seen beside the others.
function memoryOf({ keys, weight }, frame) {
  const most = Math.max(...weight), at = keys[weight.indexOf(most)];
  const places = [...keys, 0].sort((one, other) => one - other), first = places[0], last = places.at(-1);
  const apart = Math.min(...places.slice(1).map((offset, place) => offset - places[place]));  // keyframes are a second apart
  const chart = svg("svg", { class: "memory", viewBox: `${first - apart / 2} 0 ${last - first + apart} 1`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Neighbouring frames from ${signed(first)} to ${signed(last)}; the most, ${percent(most)} %, at ${signed(at)}` });
  keys.forEach((offset, place) => {
    const high = most ? weight[place] / most : 0;
    chart.append(svg("rect", { x: offset - 0.4 * apart, y: 1 - high, width: 0.8 * apart, height: high }));
  });
  chart.append(svg("line", { x1: 0, x2: 0, y1: 0, y2: 1 }));
  const rows = keys.map((offset, place) => [`${frame + offset} (${signed(offset)})`, `${(100 * weight[place]).toFixed(3)} %`]);
  return [
    chart, el("p", { class: "note" },
      `Frames from ${signed(first)} to ${signed(last)}, the line is this one; the tallest bar, ${signed(at)}, is ${percent(most)} %.`),
    numbersOf({ title: "Memory", columns: ["frame", "share"], rows }, "Neighbouring frames as a table"),
  ];
}

function drawAttention(frames) {
  const byPatches = frames[0].patches.length > 0;
  $("attention-chooser").hidden = !byPatches;
  $("attention-note").hidden = byPatches;
  if (byPatches && !frames[0].persons[0].chosen.length) $("attention-of").querySelector("[value=chosen]").remove();
  $("sights").append(el("div", { class: byPatches ? "pictures" : "pictures by-blocks" }, ...frames.map(byPatches ? patchesOf : blocksOf)));
}
