// One file's way into the store, part by part, several at a time. Knows nothing of the page: it tells
// `on.say(word, values)` and `on.sent(bytes)`, and stops when its signal says so.
//
// Where the store takes parts itself, each goes to an address that the site signs for exactly that part;
// else, or where the store cannot be reached from here, it goes to the site.

import { ask, Problem, put, stopped, wait } from "./asking.js";
import { content, fingerprint, head, sha256Of } from "./digest.js";

const AT_ONCE = 3;
const MISSES = 3; // in a row, with the site in reach: then the store is not
const RESTARTS = 2;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const TRANSIENT = new Set([0, 408, 425, 429, 500, 502, 503, 504]);
const SENT_AGAIN = new Set(["part_damaged", "part_not_there", "store_refused"]);

export class Transfer {
  constructor(file, { url, kind, owner, on, signal }) {
    Object.assign(this, { file, url, kind, owner, on, signal });
  }

  // Returns `{ id, isKnown }`; isKnown: this very file had arrived before, and nothing was sent.
  async run() {
    this.on.say("preparing");
    for (let restarts = 0; ; restarts += 1) {
      try {
        return await this.once();
      } catch (error) {
        if (error.code !== "upload_lost" || restarts === RESTARTS) throw error;
      }
    }
  }

  async once() {
    const opened = await this.begin();
    this.on.begun(opened.id);
    if (opened.state !== "uploading") return { id: opened.id, isKnown: true };
    await this.parts(opened);
    this.on.say("joining");
    await this.steady(() => this.post(`${this.url}/${opened.id}/complete`));
    return { id: opened.id, isKnown: false };
  }

  post(url, json) {
    return ask(url, { method: "POST", json, signal: this.signal });
  }

  async begin() {
    const { file } = this;
    const facts = {
      kind: this.kind,
      owner: this.owner,
      file_name: file.name,
      size_bytes: file.size,
      fingerprint: await fingerprint(file),
      head: await head(file),
    };
    const opened = await this.steady(() => this.post(this.url, facts));
    if (!opened.look_alike) return opened;
    facts.content = await content(file, opened.part_bytes, (share) => {
      if (this.signal.aborted) throw stopped();
      this.on.say("comparing", { percent: Math.floor(100 * share) });
    });
    return this.steady(() => this.post(this.url, facts));
  }

  async parts(opened) {
    const size = (number) => Math.min(opened.part_bytes, this.file.size - (number - 1) * opened.part_bytes);
    const left = [...opened.missing];
    const under = new Map();
    let done = opened.received.reduce((sum, number) => sum + size(number), 0);
    const tell = () => this.on.sent(done + [...under.values()].reduce((a, b) => a + b, 0));
    tell();
    const one = async () => {
      while (left.length) {
        const number = left.shift();
        const from = (number - 1) * opened.part_bytes;
        const onProgress = (loaded) => {
          under.set(number, loaded);
          tell();
        };
        await this.part(opened, number, this.file.slice(from, from + size(number)), onProgress).finally(() =>
          under.delete(number),
        );
        done += size(number);
        tell();
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, one));
  }

  async part(opened, number, slice, onProgress) {
    const url = `${this.url}/${opened.id}/parts/${number}`;
    let misses = 0;
    await this.steady(async () => {
      const hash = await sha256Of(slice);
      const options = { signal: this.signal, onProgress };
      if (opened.is_direct) {
        const address = await this.post(`${url}/address`, { sha256: hash }).catch((error) => {
          misses = 0; // the site is out of reach as well: that is the line, not the store
          throw error;
        });
        if (address.is_here) return;
        if (address.url) {
          await put(address.url, slice, address.headers, options).catch((error) => {
            if (error.name === "AbortError") throw error;
            misses += 1;
            if (misses === MISSES) opened.is_direct = false;
            throw refusedByStore(error);
          });
          await this.post(`${url}/sent`, { sha256: hash });
          return;
        }
      }
      await put(url, slice, { "X-Part-SHA256": hash }, { ...options, isOurs: true });
    });
  }

  // Try for as long as it takes, unless the answer is a refusal.
  async steady(work) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (this.signal.aborted || error.name === "AbortError") throw stopped();
        const passes = error instanceof Problem && (TRANSIENT.has(error.status) || SENT_AGAIN.has(error.code));
        if (!passes) throw error;
        const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] * (0.75 + Math.random() / 2);
        this.on.trouble(error, Math.ceil(pause / 1000), attempt);
        await wait(pause, this.signal);
        if (this.signal.aborted) throw stopped();
      }
    }
  }
}

// The store speaks S3's own language: damaged on the way (400), or an address past its time (403).
function refusedByStore(error) {
  if (error.status === 400) return new Problem(400, { code: "part_damaged" });
  return error.status === 0 ? error : new Problem(error.status, { code: "store_refused" });
}
