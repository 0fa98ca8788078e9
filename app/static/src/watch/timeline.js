// The line below the picture: what is covered, where the player stands, and what is missing. A tap goes
// to the start of the missing piece under the finger; each missing piece is a button besides.

import { gaps, merged } from "./spans.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const SMALLEST_MS = 250; // a gap that nobody could see or hear
const MOST_BUTTONS = 24;
const STEP_MS = 10_000;

export class Timeline {
  constructor(root, { durationMs, texts, go, makeUp, preview }) {
    this.durationMs = durationMs;
    this.texts = texts;
    this.go = go;
    this.makeUp = makeUp;
    this.covered = root.querySelector("[data-covered]");
    this.head = root.querySelector("[data-head]");
    this.missing = root.querySelector("[data-missing]");
    this.shown = "";
    this.pairs = [];
    this.preview = preview;
    this.slider = root.querySelector("[data-slider]");
    this.isHeld = false;
    this.listen();
  }

  // The slider lies over the drawing: mouse, finger, keys and screen readers all know it.
  listen() {
    const { slider, preview } = this;
    slider.max = String(this.durationMs);
    slider.disabled = false;
    slider.addEventListener("pointerdown", () => (this.isHeld = true));
    slider.addEventListener("input", () => {
      this.name();
      preview.show(Number(slider.value));
    });
    slider.addEventListener("change", () => {
      this.isHeld = false;
      this.go(this.start(Number(slider.value)));
      if (!slider.matches(":hover")) preview.hide();
    });
    slider.addEventListener("keydown", (event) => this.pressed(event));
    slider.addEventListener("pointermove", (event) => {
      if (!this.isHeld) preview.show(this.under(event));
    });
    for (const name of ["pointerleave", "pointercancel", "blur"]) {
      slider.addEventListener(name, () => {
        if (name !== "pointerleave") this.isHeld = false;
        if (!this.isHeld) preview.hide();
      });
    }
  }

  pressed(event) {
    const step = { ArrowLeft: -STEP_MS, ArrowDown: -STEP_MS, ArrowRight: STEP_MS, ArrowUp: STEP_MS }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.slider.value = String(Number(this.slider.value) + step);
    this.name();
    this.go(Math.floor(Number(this.slider.value)));
    this.preview.show(Number(this.slider.value));
  }

  under(event) {
    const box = this.slider.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.durationMs;
  }

  // A screen reader hears a time, not a number of milliseconds.
  name() {
    this.slider.setAttribute("aria-valuetext", time(Number(this.slider.value)));
  }

  // `told` is what the server has covered, `playing` what this page played since, `lost` what was played
  // in vain, as [from, to, reason].
  show(told, playing, positionMs, lost = this.lost ?? []) {
    this.pairs = merged(told);
    this.lost = lost;
    const state = JSON.stringify([this.pairs, playing, lost]);
    if (state !== this.shown) {
      this.shown = state;
      this.covered.replaceChildren(
        ...playing.map((pair) => this.rect(pair, "pending")),
        ...this.pairs.map((pair) => this.rect(pair, "covered")),
      );
      this.list(merged([...told, ...playing]));
    }
    this.head.setAttribute("x", String(this.at(positionMs) - 2));
    if (this.isHeld) return;
    this.slider.value = String(positionMs);
    this.name();
  }

  at(ms) {
    return Math.min(WIDTH, Math.max(0, (ms / this.durationMs) * WIDTH));
  }

  rect([from, to], kind) {
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", `spans__span spans__span--${kind}`);
    rect.setAttribute("x", this.at(from).toFixed(2));
    rect.setAttribute("width", Math.max(0.5, this.at(to) - this.at(from)).toFixed(2));
    rect.setAttribute("height", "16");
    return rect;
  }

  list(covered) {
    const missing = gaps(covered, this.durationMs)
      .filter(([from, to]) => to - from >= SMALLEST_MS)
      .flatMap((gap) => parted(gap, this.lost));
    this.missing.replaceChildren(
      ...missing.slice(0, MOST_BUTTONS).map(([from, to, reasons]) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.className = "missing__button";
        const aim = document.createElement("span");
        aim.className = "visually-hidden";
        aim.textContent = this.texts.goTo;
        const why = document.createElement("span");
        why.className = "missing__why";
        why.textContent = this.why(reasons);
        button.append(aim, ` ${time(from)} – ${time(to)} `, why);
        button.addEventListener("click", () => this.makeUp(from));
        item.append(button);
        return item;
      }),
    );
    // A lesson not begun has nothing to be made up.
    this.missing.parentElement.hidden = missing.length === 0 || (covered.length === 0 && !this.lost.length);
  }

  // Why a piece is missing: each reason once, or that it was not watched yet.
  why(reasons) {
    return reasons.map((reason) => this.texts.reasons[reason] ?? reason).join("; ") || this.texts.notYet;
  }

  // A tap into a missing piece, near its beginning, means its beginning.
  start(ms) {
    const gap = gaps(this.pairs, this.durationMs).find(([from, to]) => from <= ms && ms < to);
    return Math.max(0, Math.floor(gap && ms - gap[0] < this.durationMs * 0.05 ? gap[0] : ms));
  }
}

// A gap, parted where reasons begin and end: each piece says its own.
function parted([low, high], lost) {
  const seen = lost
    .map(([from, to, reason]) => [Math.max(low, from), Math.min(high, to), reason])
    .filter(([from, to]) => to - from >= SMALLEST_MS);
  const edges = [...new Set([low, high, ...seen.flatMap(([from, to]) => [from, to])])].sort((a, b) => a - b);
  const pieces = [];
  for (const [index, to] of edges.slice(1).entries()) {
    const from = edges[index];
    const held = seen.filter((one) => one[0] <= from && one[1] >= to).map((one) => one[2]);
    const reasons = [...new Set(held)];
    const last = pieces.at(-1);
    if (last && last[2].join() === reasons.join()) last[1] = to;
    else if (to - from >= SMALLEST_MS) pieces.push([from, to, reasons]);
  }
  return pieces;
}

export function time(ms) {
  const seconds = Math.floor(ms / 1000);
  const pad = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}
