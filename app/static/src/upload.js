// Sends files in parts and says what becomes of them. Markup: templates/ui/upload.html.
//
// Every part carries its SHA-256; the store keeps what arrived, so that a reload, a lost line or a
// closed page costs the parts under way and no more: the same file, chosen again, goes on.

import { ask, Problem, wait } from "./upload/asking.js";
import { Row } from "./upload/row.js";
import { Transfer } from "./upload/transfer.js";

const POLL_MS = 2_000;
const GONE = new Set(["NotReadableError", "NotFoundError"]);

class Uploader {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.dataset.words);
    this.isMany = "many" in root.dataset;
    this.input = root.querySelector("[data-upload-file]");
    this.value = root.querySelector("[data-upload-value]");
    this.spoken = root.querySelector("[data-upload-spoken]");
    this.error = root.querySelector("[data-upload-error]");
    this.rows = [];
    this.input.addEventListener("change", () => this.choose(this.input.files));
    for (const name of ["dragover", "dragleave", "drop"]) root.addEventListener(name, (event) => this.dragged(event));
    addEventListener("beforeunload", (event) => this.isBusy && event.preventDefault());
    root.dataset.ready = "true";
    if (this.value?.value) this.follow(this.add({ name: "", size: 0 }), this.value.value);
    else this.recall();
  }

  get isBusy() {
    return this.rows.some((row) => row.state === "running" || row.state === "turn");
  }

  add({ name, size }) {
    const on = {
      pause: (row) => this.pause(row),
      resume: (row) => this.resume(row),
      again: (row) => this.resume(row),
      cancel: (row) => this.cancel(row),
    };
    const row = new Row(this.root, { name, size, words: this.words, spoken: this.spoken, on });
    this.rows.push(row);
    return row;
  }

  drop(row) {
    row.remove();
    this.rows = this.rows.filter((other) => other !== row);
  }

  dragged(event) {
    if (!event.dataTransfer?.types.includes("Files") || this.input.disabled) return;
    event.preventDefault();
    this.root.classList.toggle("upload--over", event.type === "dragover");
    if (event.type === "drop") this.choose(event.dataTransfer.files);
  }

  choose(files) {
    const chosen = [...files].slice(0, this.isMany ? files.length : 1);
    if (!chosen.length) return;
    if (this.error) this.error.hidden = true;
    if (!this.isMany) {
      for (const row of [...this.rows]) this.drop(row);
      this.value.value = "";
    }
    for (const file of chosen) {
      const row = this.unfinished(file) ?? this.add(file);
      row.file = file;
      if (globalThis.crypto?.subtle) this.queue(row);
      else row.fail(row.word("insecure"));
    }
    if (this.isMany) this.input.value = ""; // the same file can be chosen again
    this.next();
  }

  // The row of an earlier visit, if this is the file that it waits for.
  unfinished({ name, size }) {
    return this.rows.find((row) => row.id && !row.file && row.name === name && row.size === size);
  }

  queue(row) {
    row.state = "turn";
    row.fail("");
    row.say("turn", {}, { aloud: false });
    row.show("cancel");
  }

  // One file after the other: a line shared by many files finishes none of them.
  next() {
    if (this.rows.some((row) => row.state === "running")) return;
    const row = this.rows.find((one) => one.state === "turn");
    if (row) this.go(row);
  }

  async go(row) {
    const controller = (row.controller = new AbortController());
    row.state = "running";
    row.samples.length = 0;
    row.show("pause", "cancel");
    if (!this.isMany) this.input.disabled = true;
    const { url, kind, owner } = this.root.dataset;
    const on = {
      begun: (id) => this.begun(row, id),
      say: (word, values) => row.say(word, values, { aloud: !values }),
      sent: (bytes) => row.sent(bytes),
      trouble: (error, seconds, attempt) => this.trouble(row, error, seconds, attempt),
    };
    try {
      const sent = await new Transfer(row.file, { url, kind, owner, on, signal: controller.signal }).run();
      row.state = "sent";
      if (this.value) this.value.value = sent.id;
      this.root.dispatchEvent(new CustomEvent("upload:sent", { bubbles: true, detail: { id: sent.id } }));
      this.follow(row, sent.id, sent);
    } catch (error) {
      if (row.controller === controller && row.state === "running") this.refused(row, error);
      controller.abort(); // the other parts need not go on
    } finally {
      if (row.controller === controller && !this.isMany) this.input.disabled = false;
      this.next();
    }
  }

  // An upload that goes on: what stood in the list for it has its row now.
  begun(row, id) {
    row.id = id;
    for (const other of this.rows.filter((one) => one !== row && one.id === id && !one.file)) this.drop(other);
  }

  trouble(row, error, seconds, attempt) {
    const again = row.word("again_in", { seconds });
    const why = error.code === "part_damaged" && !error.message ? row.word("damaged") : error.message;
    const text = error.status === 0 || !why ? row.word("waiting", { seconds }) : `${why} ${again}`;
    row.tell(text, { aloud: attempt === 0 });
  }

  refused(row, error) {
    row.state = "failed";
    row.say("stopped");
    const isOut = error.status === 401 || error.code === "csrf_failed";
    if (isOut) row.fail(row.word("signed_out"));
    else if (GONE.has(error.name)) row.fail(row.word("moved"));
    else row.fail((error instanceof Problem && error.message) || row.word("unexpected"));
    if (error.code === "part_differs" || error.status === 422) row.show("cancel");
    else row.show("again", "cancel");
  }

  pause(row) {
    row.state = "paused";
    row.controller?.abort();
    row.show("resume", "cancel");
    row.say("paused");
    row.buttons.resume.focus();
  }

  resume(row) {
    if (!row.file) return this.input.click(); // the browser no longer has it
    this.queue(row);
    this.next();
  }

  async cancel(row) {
    const { id } = row;
    row.state = "cancelled";
    row.controller?.abort();
    if (this.isMany) this.drop(row);
    else {
      row.fail("");
      row.show();
      row.share(0);
      row.file = row.id = null;
      this.input.value = "";
      this.input.disabled = false;
    }
    row.say("cancelled");
    this.input.focus();
    if (id) await ask(`${this.root.dataset.url}/${id}`, { method: "DELETE" }).catch(() => {});
  }

  // After a reload the browser no longer has the files: say which ones to choose again.
  async recall() {
    try {
      const { url, kind, owner } = this.root.dataset;
      const { items } = await ask(`${url}?${new URLSearchParams(owner ? { kind, owner } : { kind })}`);
      if (this.rows.length) return;
      for (const item of this.isMany ? items : items.slice(0, 1)) {
        const row = this.add({ name: item.file_name, size: item.size_bytes });
        row.id = item.id;
        const percent = Math.floor((100 * item.received) / item.parts);
        row.share(percent / 100);
        row.say("unfinished", { name: item.file_name, percent });
        row.show("resume", "cancel");
      }
    } catch {
      // nothing to go on with
    }
  }

  // From here on the server works; the page may be left.
  async follow(row, id, { isKnown = false } = {}) {
    row.show();
    for (let misses = 0; this.rows.includes(row) && row.state !== "turn"; ) {
      try {
        const asset = await ask(`${this.root.dataset.assets}/${id}.json`);
        misses = 0;
        if (!row.name) row.call(asset.file_name, asset.size_bytes);
        if (this.drawn(row, asset, isKnown || asset.was_known)) return;
      } catch (error) {
        if (error.status === 404) return row.fail(row.word("unexpected"));
        misses += 1;
      }
      await wait(POLL_MS * Math.min(1 + misses, 10));
    }
  }

  // Draw an asset's state; true when nothing more will happen.
  drawn(row, asset, isKnown) {
    if (asset.state === "ready") {
      row.share(1);
      row.say(isKnown ? "known" : "ready");
      if (asset.poster_url) row.picture(asset.poster_url);
      this.root.dispatchEvent(new CustomEvent("upload:ready", { bubbles: true, detail: asset }));
      return true;
    }
    if (asset.state === "failed") {
      if (this.value) this.value.value = "";
      row.share(0);
      row.say("failed");
      row.fail(asset.reason);
      return true;
    }
    if (asset.state === "working") {
      row.share(asset.progress_permille / 1000);
      row.say("working", { percent: Math.floor(asset.progress_permille / 10) }, { aloud: false });
    } else {
      row.share(null);
      row.tell(asset.reason || row.word("queued"));
    }
    return false;
  }
}

for (const root of document.querySelectorAll("[data-upload]")) new Uploader(root);
