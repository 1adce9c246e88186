// Single frames: the best and worst moments, and what persons attend to.
function pictureOf({ width, height, jpeg }, alt) {
  const image = el("img", { src: `data:image/jpeg;base64,${jpeg}`, alt, width, height });
  const over = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  return { over, node: el("div", { class: "picture" }, image, over) };
}

function momentOf(moment) {
  const texts = moment.boxes.map((box) => `${box.kind}: ${box.text}${box.right === null ? "" : box.right ? ", right" : ", wrong"}`);
  const { node, over } = pictureOf(moment.picture, `${moment.said} ${texts.join("; ")}`);
  for (const box of moment.boxes) {
    const colour = box.right === null ? COLOURS[1] : box.right ? "#74d29b" : "#ff8f85";
    const sign = box.right === null ? "" : box.right ? "✓ " : "✗ ";
    over.append(boxOf(box.corners, colour, box.kind));
    const words = box.kind === "annotated" || box.reason ? sign + say(box.text) : sign.trim() || say(box.text);
    over.lastChild.classList.toggle("reason", box.reason);
    node.append(tagOf(words, box.corners, moment.picture.width, moment.picture.height, colour, box.kind));
  }
  const place = page.clips.findIndex((clip) => clip.video_id === moment.video_id && clip.frames.includes(moment.frame));
  const caption = el("figcaption", {}, el("b", {}, say(moment.title), " ", moment.group ? mark(moment.group) : ""),
    el("span", { class: "faint" }, `${moment.said} ${moment.video_id}, frame ${moment.frame}.`));
  if (place >= 0) {
    const open = el("button", { type: "button", "aria-label": `Open ${moment.video_id}, frame ${moment.frame}, in the player` }, "Open in the player");
    open.addEventListener("click", () => openInPlayer(place, page.clips[place].frames.indexOf(moment.frame)));
    caption.append(el("div", {}, open));
  }
  return el("figure", {}, node, caption);
}

function drawMoments(moments) {
  for (const [good, title] of [[true, "Best"], [false, "Worst"]]) {
    const own = moments.filter((moment) => moment.good === good);
    if (own.length) $("gallery").append(el("h3", {}, title), el("div", { class: "pictures" }, ...own.map(momentOf)));
  }
}

function attentionOf(shown) {
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
    text.textContent = `Person ${chosen.number}: ${chosen.text}. ${chosen.others} ${shown.said}`;
  };
  const buttons = persons.map((person) => {
    const button = el("button", { type: "button", "aria-label": `person ${person.number}` },
      el("span", { class: "chip", style: `background:${colourOf(person.number)}` }, String(person.number)));
    button.addEventListener("click", () => {
      chosen = person;
      buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
      draw();
    });
    return button;
  });
  buttons[0].setAttribute("aria-pressed", "true");
  buttons.slice(1).forEach((button) => button.setAttribute("aria-pressed", "false"));
  $("attention-of").addEventListener("change", draw);
  draw();
  return el("figure", {}, node, el("ul", { class: "signs" }, ...buttons.map((button) => el("li", {}, button))),
    el("figcaption", {}, el("b", {}, `${shown.video_id}, frame ${shown.frame}`), text));
}

function drawAttention(frames) {
  $("sights").append(el("div", { class: "pictures" }, ...frames.map(attentionOf)));
}
