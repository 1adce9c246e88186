// Single frames: the best and worst moments.
function pictureOf({ width, height, jpeg }, alt) {
  const image = el("img", { src: `data:image/jpeg;base64,${jpeg}`, alt, width, height });
  const over = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  return { over, node: el("div", { class: "picture" }, image, over) };
}

function momentOf(moment) {
  const texts = moment.boxes.map((box) => `${box.kind}: ${box.text}${box.right === null ? "" : box.right ? ", right" : ", wrong"}`);
  const { node, over } = pictureOf(moment.picture, `${moment.caption} ${texts.join("; ")}`);
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
    el("span", { class: "faint" }, `${moment.caption} ${moment.video_id}, frame ${moment.frame}.`));
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
