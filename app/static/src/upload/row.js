// One file in the list: its name, how far it is, what can be done with it. Draws, and asks nothing.

const SPEED_WINDOW_MS = 8_000;
const SAY_EVERY_MS = 5_000; // a screen reader is told no more often

const mega = (bytes) => (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);

export class Row {
  constructor(root, { name, size, words, spoken, on }) {
    const template = root.querySelector("template[data-upload-row]");
    this.node = template.content.firstElementChild.cloneNode(true);
    const find = (what) => this.node.querySelector(`[data-upload-${what}]`);
    Object.assign(this, { words, spoken, samples: [] });
    this.bar = find("bar");
    this.line = find("line");
    this.failure = find("failure");
    this.heading = find("name");
    this.note = find("size");
    this.result = find("result");
    this.buttons = Object.fromEntries(["pause", "resume", "again", "cancel"].map((verb) => [verb, find(verb)]));
    for (const [verb, button] of Object.entries(this.buttons)) button.addEventListener("click", () => on[verb](this));
    this.call(name, size);
    root.querySelector("[data-upload-files]").append(this.node);
  }

  call(name, size) {
    Object.assign(this, { name, size });
    this.heading.textContent = name;
    this.note.textContent = size ? `${mega(size)} MB` : "";
    for (const of of this.node.querySelectorAll("[data-upload-of]")) of.textContent = name;
    this.bar.setAttribute("aria-label", this.word("progress_of", { name }));
  }

  word(name, values = {}) {
    return this.words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
  }

  say(name, values, { aloud = true } = {}) {
    this.tell(this.word(name, values), { aloud });
  }

  tell(text, { aloud = false } = {}) {
    this.line.textContent = text;
    const now = Date.now();
    if (aloud || now - (this.saidAt || 0) > SAY_EVERY_MS) {
      this.spoken.textContent = `${this.name}: ${text}`;
      this.saidAt = now;
    }
  }

  show(...verbs) {
    for (const [verb, button] of Object.entries(this.buttons)) button.hidden = !verbs.includes(verb);
  }

  fail(text) {
    this.failure.textContent = text;
    this.failure.hidden = !text;
  }

  share(value) {
    if (value === null) this.bar.removeAttribute("value");
    else this.bar.value = value;
  }

  // How much has left, how fast, and how long it will take.
  sent(bytes) {
    const now = performance.now();
    const { samples, size } = this;
    samples.push([now, bytes]);
    while (samples.length > 2 && now - samples[0][0] > SPEED_WINDOW_MS) samples.shift();
    const [[began, before]] = samples;
    const speed = now - began > 500 ? Math.max(0, ((bytes - before) * 1000) / (now - began)) : 0;
    this.share(size ? bytes / size : 0);
    const values = { percent: Math.floor((100 * bytes) / size), sent: mega(bytes), total: mega(size) };
    if (speed < 1) return this.say("sending", values, { aloud: false });
    const left = Math.ceil((size - bytes) / speed);
    const time =
      left < 90 ? this.word("seconds", { count: left }) : this.word("minutes", { count: Math.ceil(left / 60) });
    this.say("sending_speed", { ...values, speed: mega(speed), left: time }, { aloud: false });
  }

  picture(url) {
    const picture = new Image();
    picture.src = url;
    picture.alt = "";
    this.result.replaceChildren(picture);
  }

  remove() {
    this.node.remove();
  }
}
