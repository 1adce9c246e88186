// The player. A clip is a list of JPEGs, so that a step is exactly one frame in every browser, with no codec.
const player = { clip: null, at: 0, playing: false, images: [], asked: 0, pending: 0 };

const wordOf = (clip, label) => (label === null ? "nothing" : say(clip.labels[label]));
const nameOf = (person) => (person.number ? `person ${person.number}` : "not followed");

// Who is there in a frame; boxes that no track has come last, and are drawn below the others.
function sightings(clip, at) {
  const order = [...clip.persons].sort((a, b) => (a.number || Infinity) - (b.number || Infinity));
  return order.flatMap((person) => person.seen.filter((sight) => sight.at === at).map((sight) => ({ person, sight })));
}

async function imageOf(clip, at) {
  player.images[at] ??= (async () => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${clip.jpegs[at]}`;
    await image.decode();
    return image;
  })();
  return player.images[at];
}

// Picture, boxes and words change together, when the picture is there; of several that were asked for, the last stays.
async function show(at) {
  const { clip } = player;
  player.at = Math.max(0, Math.min(clip.frames.length - 1, at));
  const asked = ++player.asked;
  const here = player.at;
  const canvas = $("canvas");
  canvas.dataset.pending = player.pending += 1;  // for whoever waits until every picture that was asked for is there
  const image = await imageOf(clip, here);
  canvas.dataset.pending = player.pending -= 1;
  if (asked !== player.asked) return;
  if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
  }
  canvas.getContext("2d").drawImage(image, 0, 0);
  canvas.dataset.frame = clip.frames[here];
  drawBoxes(clip, here);
  describe(clip, here);
  for (const needle of document.querySelectorAll(".needle")) needle.style.left = `${(100 * (here + 0.5)) / clip.frames.length}%`;
  if (here + 1 < clip.frames.length) imageOf(clip, here + 1);
}

function drawBoxes(clip, at) {
  const over = $("boxes");
  over.replaceChildren();
  document.querySelectorAll("#screen .tag").forEach((tag) => tag.remove());
  const put = (corners, text, colour, kind, prefix) => {
    over.append(boxOf(corners, colour, kind));
    $("screen").append(tagOf(text, corners, clip.width, clip.height, colour, kind, prefix));
  };
  if ($("show-truth").checked) {
    for (const person of clip.truth) {
      for (const sight of person.seen) if (sight.at === at) put(sight.corners, sight.actions.map(say).join(", "), "", "annotated", "annotated: ");
    }
  }
  if ($("show-boxes").checked) {
    for (const { person, sight } of sightings(clip, at).reverse()) {
      const value = sight.label === null ? "" : ` ${sight.probability[sight.label].toFixed(2)}`;
      put(sight.corners, `${person.number || "–"} ${wordOf(clip, sight.label)}${value}`, colourOf(person.number), "detected");
    }
  }
}

function describe(clip, at) {
  const found = sightings(clip, at);
  const where = `frame ${clip.frames[at]}, ${clip.seconds[at].toFixed(2)} s (${at + 1} of ${clip.frames.length}${clip.every > clip.frames.length ? ` shown, of ${clip.every}` : ""})`;
  const who = found.map(({ person, sight }) => `${nameOf(person)}: ${wordOf(clip, sight.label)}${sight.label === null ? "" : ` ${sight.probability[sight.label].toFixed(2)}`}`);
  $("where").textContent = where;
  $("scrub").value = at;
  $("scrub").setAttribute("aria-valuetext", `${where}. ${who.join("; ") || "nobody is found"}`);
  $("canvas").setAttribute("aria-label", `${clip.video_id}, ${where}. ${who.join("; ") || "Nobody is found."}`);
  $("persons").replaceChildren(...(found.length ? found.map((each) => personOf(clip, each)) : [el("li", { class: "empty" }, "Nobody is found.")]));
}

function personOf(clip, { person, sight }) {
  const order = clip.labels.map((_, label) => label).sort((a, b) => sight.probability[b] - sight.probability[a]).slice(0, 3);
  const bars = order.flatMap((label) => {
    const value = sight.probability[label];
    const bar = el("i", { style: `width:${(100 * value).toFixed(1)}%` });
    return [el("span", { class: label === sight.label ? "first" : null }, say(clip.labels[label])), el("span", {}, bar), el("span", { class: "value" }, value.toFixed(2))];
  });
  const chip = el("span", { class: "chip", style: `background:${colourOf(person.number)}` }, String(person.number || "–"));
  const cosine = sight.similarity.length ? `; ${say(clip.labels[order[0]])}: similarity ${sight.similarity[order[0]].toFixed(3)}` : "";
  return el("li", {}, el("h4", {}, chip, nameOf(person), el("span", { class: "faint" }, `detected with ${sight.box_score.toFixed(2)}${cosine}`)), el("div", { class: "bars" }, ...bars));
}

// ---- a line for each person

// Frames one after the other that say the same: {from, to, text, group, mean}.
function spansOf(sights, textOf, groupOf, valueOf) {
  const spans = [];
  for (const sight of sights) {
    const text = textOf(sight);
    const last = spans.at(-1);
    if (last && last.to === sight.at - 1 && last.text === text) {
      last.to = sight.at;
      last.values.push(valueOf(sight));
    } else spans.push({ from: sight.at, to: sight.at, text, group: groupOf(sight), values: [valueOf(sight)] });
  }
  return spans;
}

const MOST_BUTTONS = 12;  // of a line: a label that flickers would put a hundred of them in the way of the Tab key

function spansRow(clip, spans, who) {
  const longest = [...spans].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_BUTTONS);
  return el("div", { class: "spans" }, ...spans.map((span) => {
    const place = `left:${(100 * span.from) / clip.frames.length}%;width:${(100 * (span.to - span.from + 1)) / clip.frames.length}%`;
    const first = clip.frames[span.from], last = clip.frames[span.to];
    const mean = span.values.some((value) => value === null) ? "" : `, ${(span.values.reduce((a, b) => a + b) / span.values.length).toFixed(2)} on average`;
    const caption = `${who}: ${span.text}, frames ${first} to ${last}${mean}`;
    const kind = span.text === "nothing" ? "nothing" : span.group;
    if (!longest.includes(span)) return el("span", { class: `span ${kind}`, style: place, title: caption }, span.text);
    const button = el("button", { type: "button", class: `span ${kind}`, style: place, title: caption, "aria-label": caption }, span.text);
    button.addEventListener("click", () => show(span.from));
    return button;
  }));
}

function curveOf(clip, person, label) {
  const runs = [];
  for (const sight of person.seen) {
    const chosen = label === "" ? sight.label : Number(label);
    const value = chosen === null ? 0 : sight.probability[chosen];
    const last = runs.at(-1);
    if (last && last.at(-1).at === sight.at - 1) last.push({ at: sight.at, value });
    else runs.push([{ at: sight.at, value }]);
  }
  const steps = (run) => run.map(({ at, value }) => `L${at} ${(1 - value).toFixed(3)} L${at + 1} ${(1 - value).toFixed(3)}`).join(" ");
  const drawing = svg("svg", { viewBox: `0 0 ${clip.frames.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const run of runs) {
    drawing.append(svg("path", { class: "area", fill: colourOf(person.number), d: `M${run[0].at} 1 ${steps(run)} L${run.at(-1).at + 1} 1 Z` }),
      svg("path", { class: "stroke", d: `M${run[0].at} ${(1 - run[0].value).toFixed(3)} ${steps(run)}` }));
  }
  return drawing;
}

const MOST_LINES = 6;  // persons; the others are behind a button

function drawTimeline(all = false) {
  const { clip } = player;
  const lane = (...parts) => {
    const node = el("div", { class: "lane" }, ...parts, el("span", { class: "needle" }));
    const seek = (event) => {
      if (event.target.closest("button")) return;
      const { left, width } = node.getBoundingClientRect();
      show(Math.floor(((event.clientX - left) / width) * clip.frames.length));
    };
    node.addEventListener("pointerdown", (event) => { pause(); seek(event); });
    node.addEventListener("pointermove", (event) => event.buttons & 1 && seek(event));
    return node;
  };
  const followed = clip.persons.filter((person) => person.number).sort((a, b) => b.seen.length - a.seen.length || a.number - b.number);
  const shown = (all ? followed : followed.slice(0, MOST_LINES)).sort((a, b) => a.number - b.number);
  const rows = shown.map((person) => {
    const spans = spansOf(person.seen, (sight) => wordOf(clip, sight.label), (sight) => (sight.label === null ? "" : clip.groups[sight.label]),
      (sight) => (sight.label === null ? null : sight.probability[sight.label]));
    const chip = el("span", { class: "chip", style: `background:${colourOf(person.number)}` }, String(person.number));
    return el("div", { class: "row" }, el("div", { class: "name" }, chip, nameOf(person)),
      lane(curveOf(clip, person, $("curve-of").value), spansRow(clip, spans, nameOf(person))));
  });
  const truth = clip.truth.map((person) => {
    const spans = spansOf(person.seen, (sight) => sight.actions.map(say).join(", "), () => "", () => null);
    const name = `annotated${clip.truth.length > 1 ? ` ${person.number}` : ""}`;
    return el("div", { class: "row annotated" }, el("div", { class: "name" }, name), lane(spansRow(clip, spans, name)));
  });
  const timeline = $("timeline");
  timeline.replaceChildren(...rows, ...truth);
  if (!rows.length) timeline.prepend(el("p", { class: "empty" }, "Nobody is followed in this clip."));
  if (followed.length > shown.length) {
    const more = el("button", { type: "button" }, `Show ${followed.length - shown.length} more, seen for a shorter time`);
    more.addEventListener("click", () => { drawTimeline(true); show(player.at); });
    timeline.append(el("div", {}, more));
  }
}

// ---- moving

function pause() {
  player.playing = false;
  $("play").setAttribute("aria-pressed", "false");
  $("play-word").textContent = "Play";
  $("play-sign").setAttribute("d", "M7 4v16l13-8z");
}

function play() {
  const { clip } = player;
  if (player.at === clip.frames.length - 1) player.at = 0;
  player.playing = true;
  $("play").setAttribute("aria-pressed", "true");
  $("play-word").textContent = "Pause";
  $("play-sign").setAttribute("d", "M7 4h3v16H7zM14 4h3v16h-3z");
  const begin = performance.now() / 1000 - clip.seconds[player.at];
  const next = () => {
    if (!player.playing || player.clip !== clip) return;
    const now = performance.now() / 1000 - begin;
    let at = player.at;
    while (at + 1 < clip.frames.length && clip.seconds[at + 1] <= now) at += 1;
    if (at !== player.at) show(at);
    if (at === clip.frames.length - 1) pause();
    else requestAnimationFrame(next);
  };
  show(player.at);
  requestAnimationFrame(next);
}

function step(by) { pause(); return show(player.at + by); }
function toggle() { if (player.playing) pause(); else play(); }

function open(place, at = 0) {
  pause();
  const clip = page.clips[place];
  Object.assign(player, { clip, images: [], at });
  $("clip").value = place;
  $("clip-why").replaceChildren(clip.group ? mark(clip.group) : "", clip.group && clip.why ? " · " : "", clip.why);
  $("screen").style.aspectRatio = `${clip.width} / ${clip.height}`;
  $("boxes").setAttribute("viewBox", `0 0 ${clip.width} ${clip.height}`);
  $("boxes").setAttribute("preserveAspectRatio", "none");
  $("scrub").max = clip.frames.length - 1;
  $("truth-option").hidden = !clip.truth.length;
  $("curve-of").replaceChildren(el("option", { value: "" }, "the label that is given"), ...clip.labels.map((name, label) => el("option", { value: label }, say(name))));
  drawTimeline();
  return show(at);
}

function openInPlayer(place, at) {
  open(place, at);
  $("player").scrollIntoView();
  $("screen").focus({ preventScroll: true });
}

const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

function onKey(event) {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || target.tagName === "SELECT") return;
  if (key === " ") {
    if (target.tagName === "BUTTON" || target.type === "checkbox") return;
    event.preventDefault();
    toggle();
  } else if (key in KEYS) {
    event.preventDefault();
    step(KEYS[key] * (event.shiftKey && key.startsWith("Arrow") ? 10 : 1));
  }
}

function startPlayer() {
  const groups = { unseen: "unseen classes", seen: "seen classes", "": "clips" };
  for (const [group, name] of Object.entries(groups)) {
    const own = page.clips.map((clip, place) => [clip, place]).filter(([clip]) => clip.group === group);
    if (own.length) $("clip").append(el("optgroup", { label: name }, ...own.map(([clip, place]) => el("option", { value: place }, clip.video_id))));
  }
  $("clips-note").textContent = page.clips_note;
  const places = [...$("clip").querySelectorAll("option")].map((option) => Number(option.value));
  const neighbour = (by) => places[(places.indexOf(Number($("clip").value)) + by + places.length) % places.length];
  $("clip").addEventListener("change", () => open(Number($("clip").value)));
  for (const button of [$("clip-before"), $("clip-after")]) button.hidden = places.length === 1;
  $("clip-before").addEventListener("click", () => open(neighbour(-1)));
  $("clip-after").addEventListener("click", () => open(neighbour(1)));
  $("to-first").addEventListener("click", () => step(-Infinity));
  $("to-last").addEventListener("click", () => step(Infinity));
  $("step-back").addEventListener("click", () => step(-1));
  $("step-on").addEventListener("click", () => step(1));
  $("play").addEventListener("click", toggle);
  $("scrub").addEventListener("input", () => { pause(); show(Number($("scrub").value)); });
  $("show-boxes").addEventListener("change", () => show(player.at));
  $("show-truth").addEventListener("change", () => show(player.at));
  $("curve-of").addEventListener("change", () => { drawTimeline(); show(player.at); });
  $("the-player").addEventListener("keydown", onKey);
  open(places[0]);
}
