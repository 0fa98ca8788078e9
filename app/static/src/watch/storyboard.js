// Small pictures over the time line. Their table is fetched when somebody first looks, each sheet when it
// is needed, and nothing at all where bytes are to be saved, until the learner asks for it.

import { time } from "./timeline.js";

export class Storyboard {
  // `address(name)` says where a file of the storyboard is right now.
  constructor(root, { durationMs, address, saves }) {
    this.box = root.querySelector("[data-preview]");
    this.picture = root.querySelector("[data-preview-picture]");
    this.clock = root.querySelector("[data-preview-time]");
    this.ask = root.querySelector("[data-pictures]");
    this.durationMs = durationMs;
    this.address = address;
    this.table = null;
    this.isAllowed = true;
    this.sheets = new Map();
    this.ask.addEventListener("click", () => {
      this.saves(false);
      this.load();
      root.querySelector("[data-slider]").focus();
    });
    this.saves(saves);
  }

  saves(isSaving) {
    this.isAllowed = !isSaving;
    this.ask.hidden = !isSaving;
  }

  show(ms) {
    const share = Math.min(1, Math.max(0, ms / this.durationMs));
    this.ms = ms;
    this.box.hidden = false;
    this.clock.textContent = time(ms);
    if (this.isAllowed) this.load();
    this.draw();
    const room = this.box.parentElement.clientWidth;
    const half = this.box.offsetWidth / 2;
    this.box.style.left = `${Math.min(Math.max(half, share * room), Math.max(half, room - half))}px`;
  }

  hide() {
    this.box.hidden = true;
  }

  load() {
    this.loading ??= fetch(this.address("index.json"), { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => {
        this.loading = undefined; // the line is gone: the next look asks again
      })
      .then((table) => {
        this.table = table ?? null;
        if (!this.box.hidden) this.show(this.ms);
      });
  }

  draw() {
    const { table, picture } = this;
    picture.hidden = !table || !this.isAllowed;
    if (picture.hidden) return;
    const place = Math.min(table.count - 1, Math.max(0, Math.round(this.ms / table.every_ms)));
    const each = table.columns * table.rows;
    const name = table.sheets[Math.floor(place / each)];
    if (!this.sheets.has(name)) this.sheets.set(name, this.address(name));
    const [row, column] = [Math.floor((place % each) / table.columns), place % table.columns];
    Object.assign(picture.style, {
      width: `${table.width}px`,
      height: `${table.height}px`,
      backgroundImage: `url("${this.sheets.get(name)}")`,
      backgroundPosition: `-${column * table.width}px -${row * table.height}px`,
    });
  }
}
