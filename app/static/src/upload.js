// Sends a file in parts and says what becomes of it. Markup: templates/ui/upload.html.
//
// Every part carries its SHA-256; the server keeps what arrived, so that a reload, a lost line or a
// closed page costs the part under way and no more: the same file, chosen again, goes on.

const AT_ONCE = 3;
const STALLED_MS = 30_000;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const POLL_MS = 2_000;
const SAMPLE_BYTES = 256 * 1024;
const SPEED_WINDOW_MS = 8_000;
const SAY_EVERY_MS = 5_000; // a screen reader is told no more often
const TRANSIENT = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

class Problem extends Error {
  constructor(status, body) {
    super(body?.title || "");
    this.status = status;
    this.code = body?.code || "";
  }
}

const token = () => document.querySelector('meta[name="csrf-token"]')?.content || "";
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const sha256 = async (buffer) => hex(await crypto.subtle.digest("SHA-256", buffer));
const wait = (ms, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done, { once: true }); // the line is back: go on at once
    signal?.addEventListener("abort", done, { once: true });
  });

async function ask(url, options = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token(), ...options.headers };
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, null);
  }
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

// XMLHttpRequest, because fetch does not say how much of a body has left.
function send(url, blob, hash, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled = 0;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
    };
    const end = (status, body) => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(new DOMException("", "AbortError"));
      else if (status >= 200 && status < 300) resolve(body);
      else reject(new Problem(status, body));
    };
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.upload.onprogress = (event) => {
      watch();
      onProgress(event.loaded);
    };
    request.onload = () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // an answer of the proxy, not of the site
      }
      end(request.status, body);
    };
    request.onerror = request.onabort = () => end(0, null);
    request.open("PUT", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("X-Part-SHA256", hash);
    watch();
    request.send(blob);
  });
}

// The same file gives the same words after a reload; three samples are enough to tell files apart.
async function fingerprint(file) {
  const middle = Math.max(0, Math.floor(file.size / 2) - SAMPLE_BYTES / 2);
  const samples = [0, middle, Math.max(0, file.size - SAMPLE_BYTES)].map((at) => file.slice(at, at + SAMPLE_BYTES));
  const facts = new TextEncoder().encode(JSON.stringify([file.name, file.size, file.lastModified]));
  return sha256(await new Blob([facts, ...samples]).arrayBuffer());
}

class Upload {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.dataset.words);
    this.base = root.dataset.url;
    this.assets = root.dataset.assets;
    this.kind = root.dataset.kind;
    this.input = root.querySelector("[data-upload-file]");
    this.value = root.querySelector("[data-upload-value]");
    this.panel = root.querySelector("[data-upload-panel]");
    this.bar = root.querySelector("progress");
    this.line = root.querySelector("[data-upload-line]");
    this.spoken = root.querySelector("[data-upload-spoken]");
    this.failure = root.querySelector("[data-upload-failure]");
    this.result = root.querySelector("[data-upload-result]");
    this.buttons = Object.fromEntries(
      ["pause", "resume", "cancel", "again"].map((name) => [name, root.querySelector(`[data-upload-${name}]`)]),
    );
    this.input.addEventListener("change", () => this.input.files[0] && this.start(this.input.files[0]));
    this.buttons.pause.addEventListener("click", () => this.pause());
    this.buttons.resume.addEventListener("click", () => this.go());
    this.buttons.cancel.addEventListener("click", () => this.cancel());
    this.buttons.again.addEventListener("click", () => this.go());
    addEventListener("beforeunload", (event) => this.running && event.preventDefault());
    root.dataset.ready = "true";
    if (this.value.value) this.follow(this.value.value);
    else this.recall();
  }

  say(text, { aloud = false } = {}) {
    this.line.textContent = text;
    const now = Date.now();
    if (aloud || now - (this.saidAt || 0) > SAY_EVERY_MS) {
      this.spoken.textContent = text;
      this.saidAt = now;
    }
  }

  word(name, values = {}) {
    return this.words[name].replace(/\{(\w+)\}/g, (_all, key) => values[key] ?? "");
  }

  show(...names) {
    for (const [name, button] of Object.entries(this.buttons)) button.hidden = !names.includes(name);
  }

  fail(text, ...buttons) {
    this.failure.textContent = text;
    this.failure.hidden = !text;
    this.input.setAttribute("aria-invalid", text ? "true" : "false");
    if (text) this.show(...buttons);
  }

  // After a reload the browser no longer has the file: say which one to choose again.
  async recall() {
    try {
      const { items } = await ask(`${this.base}?kind=${this.kind}`);
      if (!items.length || this.file) return;
      const [last] = items;
      const percent = Math.floor((100 * last.received) / last.parts);
      this.panel.hidden = false;
      this.bar.value = percent / 100;
      this.say(this.word("unfinished", { name: last.file_name, percent }), { aloud: true });
    } catch {
      // nothing to go on with
    }
  }

  async start(file) {
    this.controller?.abort();
    this.file = file;
    this.id = null;
    this.value.value = "";
    this.result.replaceChildren();
    this.panel.hidden = false;
    this.bar.value = 0;
    if (!globalThis.crypto?.subtle) return this.fail(this.word("insecure"));
    await this.go();
  }

  async go() {
    const { file } = this;
    if (!file) return this.input.click();
    const controller = (this.controller = new AbortController());
    this.running = true;
    this.fail("");
    this.show("pause", "cancel");
    this.input.disabled = true;
    this.say(this.word("preparing"), { aloud: true });
    try {
      const opened = await this.steady(async () => {
        const body = JSON.stringify({
          kind: this.kind,
          file_name: file.name,
          size_bytes: file.size,
          fingerprint: await fingerprint(file),
          owner: this.root.dataset.owner || undefined,
        });
        const headers = { "Content-Type": "application/json" };
        return ask(this.base, { method: "POST", headers, body, signal: controller.signal });
      }, controller.signal);
      this.id = opened.id;
      await this.parts(opened, controller);
      this.say(this.word("joining"), { aloud: true });
      const url = `${this.base}/${this.id}/complete`;
      await this.steady(() => ask(url, { method: "POST", signal: controller.signal }), controller.signal);
      this.running = false;
      this.value.value = this.id;
      this.root.dispatchEvent(new CustomEvent("upload:sent", { bubbles: true, detail: { id: this.id } }));
      this.follow(this.id);
    } catch (error) {
      this.running = false;
      if (error.name !== "AbortError") this.refused(error);
    } finally {
      if (this.controller === controller) this.input.disabled = false;
    }
  }

  refused(error) {
    controllerGone(this.controller);
    const text = error instanceof Problem && error.message ? error.message : this.word("unexpected");
    this.say(this.word("stopped"));
    if (error.code === "part_differs") this.fail(text, "cancel");
    else if (error.status === 401 || error.code === "csrf_failed") this.fail(this.word("signed_out"), "again");
    else this.fail(text, "again", ...(this.id ? ["cancel"] : []));
  }

  // Try for as long as it takes, unless the server's answer is a refusal.
  async steady(work, signal) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || error.name === "AbortError") throw new DOMException("", "AbortError");
        if (!(error instanceof Problem) || (!TRANSIENT.has(error.status) && error.code !== "part_damaged")) throw error;
        const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] * (0.75 + Math.random() / 2);
        this.say(this.word("waiting", { seconds: Math.ceil(pause / 1000) }), { aloud: attempt === 0 });
        await wait(pause, signal);
        if (signal.aborted) throw new DOMException("", "AbortError");
      }
    }
  }

  async parts(opened, controller) {
    const { file } = this;
    const size = (number) => Math.min(opened.part_bytes, file.size - (number - 1) * opened.part_bytes);
    const left = [...opened.missing];
    const under = new Map();
    let done = opened.received.reduce((sum, number) => sum + size(number), 0);
    const samples = [[performance.now(), done]];
    const draw = () => this.draw(done + [...under.values()].reduce((a, b) => a + b, 0), samples);
    draw();
    const one = async () => {
      while (left.length) {
        const number = left.shift();
        const from = (number - 1) * opened.part_bytes;
        await this.steady(async () => {
          const bytes = await file.slice(from, from + size(number)).arrayBuffer();
          const onProgress = (loaded) => {
            under.set(number, loaded);
            draw();
          };
          const url = `${this.base}/${this.id}/parts/${number}`;
          try {
            await send(url, bytes, await sha256(bytes), { signal: controller.signal, onProgress });
          } finally {
            under.delete(number);
          }
        }, controller.signal);
        done += size(number);
        draw();
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, one)).catch((error) => {
      controller.abort(); // the other parts need not go on
      throw error;
    });
  }

  draw(sent, samples) {
    const now = performance.now();
    samples.push([now, sent]);
    while (samples.length > 2 && now - samples[0][0] > SPEED_WINDOW_MS) samples.shift();
    const [[began, before]] = samples;
    const speed = now - began > 500 ? Math.max(0, ((sent - before) * 1000) / (now - began)) : 0;
    const share = this.file.size ? sent / this.file.size : 0;
    this.bar.value = share;
    const values = { percent: Math.floor(share * 100), sent: mega(sent), total: mega(this.file.size) };
    if (speed < 1) return this.say(this.word("sending", values));
    const left = Math.ceil((this.file.size - sent) / speed);
    const minutes = Math.ceil(left / 60);
    const time = left < 90 ? this.word("seconds", { count: left }) : this.word("minutes", { count: minutes });
    this.say(this.word("sending_speed", { ...values, speed: mega(speed), left: time }));
  }

  pause() {
    this.running = false;
    this.controller?.abort();
    this.input.disabled = false;
    this.show("resume", "cancel");
    this.say(this.word("paused"), { aloud: true });
    this.buttons.resume.focus();
  }

  async cancel() {
    this.running = false;
    this.controller?.abort();
    const { id } = this;
    this.file = this.id = null;
    this.input.value = "";
    this.input.disabled = false;
    this.fail("");
    this.show();
    this.bar.value = 0;
    this.say(this.word("cancelled"), { aloud: true });
    this.input.focus();
    if (id) await ask(`${this.base}/${id}`, { method: "DELETE" }).catch(() => {});
  }

  // From here on the server works; the page may be left.
  async follow(id) {
    const following = (this.following = {});
    this.panel.hidden = false;
    this.show();
    for (let misses = 0; this.following === following; ) {
      try {
        const asset = await ask(`${this.assets}/${id}.json`);
        misses = 0;
        if (this.drawn(asset)) return;
      } catch (error) {
        if (error.status === 404) return this.fail(this.word("unexpected"));
        misses += 1;
      }
      await wait(POLL_MS * Math.min(1 + misses, 10));
    }
  }

  // Draw an asset's state; true when nothing more will happen.
  drawn(asset) {
    const percent = Math.floor(asset.progress_permille / 10);
    if (asset.state === "ready") {
      this.bar.value = 1;
      this.say(this.word("ready"), { aloud: true });
      if (asset.poster_url) {
        const picture = new Image();
        picture.src = asset.poster_url;
        picture.alt = "";
        this.result.replaceChildren(picture);
      }
      this.root.dispatchEvent(new CustomEvent("upload:ready", { bubbles: true, detail: asset }));
      return true;
    }
    if (asset.state === "failed") {
      this.value.value = "";
      this.bar.value = 0;
      this.say(this.word("failed"), { aloud: true });
      this.fail(asset.reason);
      return true;
    }
    if (asset.state === "working") {
      this.bar.value = asset.progress_permille / 1000;
      this.say(this.word("working", { percent }));
    } else {
      this.bar.removeAttribute("value");
      this.say(asset.reason || this.word("queued"));
    }
    return false;
  }
}

const controllerGone = (controller) => controller?.abort();
const mega = (bytes) => (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);

for (const root of document.querySelectorAll("[data-upload]")) new Upload(root);
