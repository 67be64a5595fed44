// The page of a run: facts in the timeline, its zoom, the filter of the output. Without it the page is only still.
"use strict";

const region = document.getElementById("timeline");
const picture = region.querySelector("svg");
const plot = picture.querySelector(".plot");
const panel = document.getElementById("facts");
const invitation = panel.textContent;
const left = Number(picture.dataset.left);
const right = Number(picture.dataset.right);
const seconds = Number(picture.dataset.seconds);
const legend = picture.querySelector(".legend");
const legendTop = legend.firstElementChild.transform.baseVal[0].matrix.f;
const SVG = "http://www.w3.org/2000/svg";
const MOST_ZOOM = 400;

// --- Facts: one element of the timeline can be reached by Tab, the arrow keys lead from it to the others.

const lanes = [];
for (const fact of picture.querySelectorAll(".fact")) {
  const title = fact.querySelector("title");
  fact.dataset.fact = title.textContent;
  fact.setAttribute("role", "img");
  fact.setAttribute("aria-label", title.textContent);
  fact.setAttribute("tabindex", "-1");
  title.remove(); // the panel says it, no second bubble is needed
  const lane = Number(fact.dataset.lane);
  (lanes[lane] ??= []).push(fact);
}
for (const lane of lanes) lane?.sort((one, other) => one.dataset.at - other.dataset.at);
let current = lanes.find(Boolean)?.[0];
current?.setAttribute("tabindex", "0");

function tell(fact) {
  for (const told of picture.querySelectorAll(".told")) told.classList.remove("told");
  fact?.classList.add("told");
  panel.classList.toggle("told", Boolean(fact));
  panel.textContent = fact ? fact.dataset.fact : invitation;
}

function reach(fact) {
  if (!fact) return;
  current.setAttribute("tabindex", "-1");
  current = fact;
  current.setAttribute("tabindex", "0");
  current.focus({ preventScroll: true });
  const shape = current.getBoundingClientRect();
  const frame = region.getBoundingClientRect();
  if (shape.left < frame.left + left || shape.left > frame.right) region.scrollLeft += shape.left - frame.left - left - 20;
}

function neighbour(key) {
  const lane = lanes[current.dataset.lane];
  const place = lane.indexOf(current);
  if (key === "ArrowRight") return lane[place + 1];
  if (key === "ArrowLeft") return lane[place - 1];
  if (key === "Home") return lane[0];
  if (key === "End") return lane.at(-1);
  const step = key === "ArrowDown" ? 1 : -1;
  let number = Number(current.dataset.lane) + step;
  while (number >= 0 && number < lanes.length && !lanes[number]) number += step;
  const near = (fact) => Math.abs(fact.dataset.at - current.dataset.at);
  return lanes[number]?.reduce((best, fact) => (near(fact) < near(best) ? fact : best));
}

picture.addEventListener("pointerover", (event) => {
  const fact = event.target.closest(".fact");
  if (fact) tell(fact);
});
picture.addEventListener("click", (event) => reach(event.target.closest(".fact")));
// Not on the picture itself: an SVG that listens for the focus can have it.
region.addEventListener("focusin", (event) => tell(event.target.closest(".fact")));
region.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) reach(neighbour(event.key));
  else if (event.key === "+" || event.key === "=") zoomTo(zoom * 1.5);
  else if (event.key === "-") zoomTo(zoom / 1.5);
  else if (event.key === "0") zoomTo(1);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tell(null);
});

// --- Zoom: only time is stretched. The plot gets wider, its moments are percentages of it.

let zoom = 1;

// As `ticks` in timeline_text.py does it, for pictures up to a minute long; else in whole minutes.
function ticks(most) {
  if (!seconds) return [0];
  const least = seconds / most;
  const decimal = 10 ** Math.floor(Math.log10(least));
  const steps = least > 30 ? [60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400] : [1, 2, 5, 10].map((one) => one * decimal);
  const step = steps.find((one) => one >= least) ?? 86400 * Math.ceil(least / 86400);
  return Array.from({ length: Math.floor(seconds / step + 1e-9) + 1 }, (_, number) => Number((number * step).toFixed(9)));
}

function named(at) {
  if (at >= 60) return `${Math.floor(at / 60)}m${String(Math.round(at % 60)).padStart(2, "0")}s`;
  return at >= 1 || at === 0 ? `${Number(at.toFixed(6))} s` : `${Number((at * 1000).toFixed(6))} ms`;
}

function drawn(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function draw() {
  const wide = Math.max(region.clientWidth, 560);
  const room = (wide - left - right) * zoom;
  picture.removeAttribute("viewBox");
  picture.setAttribute("width", left + right + room);
  plot.setAttribute("width", room);
  const scale = picture.querySelector(".scale");
  const { y, bottom } = scale.dataset;
  scale.replaceChildren(
    ...ticks(Math.max(1, Math.floor(room / 95))).flatMap((at) => {
      const x = `${seconds ? (at / seconds) * 100 : 0}%`;
      return [drawn("line", { x1: x, x2: x, y1: y - 6, y2: bottom }), drawn("text", { x, dx: 4, y }, named(at))];
    }),
  );
  for (const label of plot.querySelectorAll(".label")) {
    const share = parseFloat(label.previousElementSibling.getAttribute("width")) / 100;
    label.classList.toggle("tight", share * room < Number(label.dataset.room));
  }
  explain();
  keepInView();
}

// The legend in as many rows as the window needs.
function explain() {
  let [x, y] = [16, legendTop];
  for (const entry of legend.children) {
    const needed = entry.getBBox().width + 22;
    if (x > 16 && (x + needed > region.clientWidth || entry.tagName === "text")) [x, y] = [16, y + 22];
    if (entry.tagName === "text") entry.setAttribute("y", y);
    else entry.setAttribute("transform", `translate(${x},${y})`);
    x += needed;
  }
  picture.setAttribute("height", y + 20);
}

function keepInView() {
  for (const part of [picture.querySelector(".names"), legend]) part.setAttribute("transform", `translate(${region.scrollLeft},0)`);
}

// `x` is where in the window the moment is that stays where it is: without it, the middle.
function zoomTo(wanted, x = region.getBoundingClientRect().left + (region.clientWidth + left) / 2) {
  const before = plot.getBoundingClientRect();
  const share = (x - before.left) / Number(plot.getAttribute("width"));
  zoom = Math.min(Math.max(wanted, 1), MOST_ZOOM);
  draw();
  const start = region.getBoundingClientRect().left - region.scrollLeft + left;
  region.scrollLeft = start + share * Number(plot.getAttribute("width")) - x;
  keepInView();
}

region.classList.add("alive");
region.addEventListener("scroll", keepInView);
region.addEventListener(
  "wheel",
  (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(zoom * 1.2 ** (event.deltaY < 0 ? 1 : -1), event.clientX);
  },
  { passive: false },
);
document.getElementById("zoom-in").addEventListener("click", () => zoomTo(zoom * 1.5));
document.getElementById("zoom-out").addEventListener("click", () => zoomTo(zoom / 1.5));
document.getElementById("zoom-all").addEventListener("click", () => zoomTo(1));
new ResizeObserver(draw).observe(region);
draw();

// --- The filter of the output: by process, and by what stands in a line.

const filter = document.getElementById("filter");
if (filter) {
  const boxes = [...filter.querySelectorAll("input[type=checkbox]")];
  const lines = [...document.querySelectorAll(".output li")];
  const wanted = document.getElementById("with");

  const sift = () => {
    const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = wanted.value.toLowerCase();
    for (const line of lines) {
      const text = line.querySelector("samp").textContent.toLowerCase();
      line.hidden = !shown.has(line.dataset.process) || !text.includes(words);
    }
    document.getElementById("count").textContent = `${lines.filter((line) => !line.hidden).length} of ${lines.length} lines`;
  };
  filter.addEventListener("input", sift);
  filter.addEventListener("submit", (event) => event.preventDefault());
  for (const button of filter.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      for (const box of boxes) box.checked = button.value === "all";
      sift();
    });
  }
}
