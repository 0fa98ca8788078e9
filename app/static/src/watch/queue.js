// Beats wait here until they are answered: in the browser's own database, so that a reload, a crash or
// a dead battery loses at most the last second. Where there is no such database, in memory.
//
// A beat's number is used for one content only. What is being played now is kept as a *draft* under the
// number that will be told next; it becomes a beat when it is told, or by the next page if this one dies.

const NAME = "xueshi-watch";
const STORE = "beats";
const OLDEST_MS = 16 * 60_000; // the server takes nothing that was played longer ago
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

class Kept {
  static async open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    return new Kept(await settled(request));
  }

  constructor(database) {
    this.database = database;
  }

  store(mode) {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }

  all() {
    return settled(this.store("readonly").getAll());
  }

  put(beat) {
    return settled(this.store("readwrite").put(beat));
  }

  remove(key) {
    return settled(this.store("readwrite").delete(key));
  }
}

class InMemory {
  constructor() {
    this.beats = new Map();
  }

  async all() {
    return [...this.beats.values()];
  }

  async put(beat) {
    this.beats.set(beat.key, beat);
  }

  async remove(key) {
    this.beats.delete(key);
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Queue {
  // `answered(beat, status, answer)` is called once for each beat that the server answered for good.
  constructor({ answered, waits, tooOld }) {
    this.answered = answered;
    this.waits = waits; // called when something could not be told yet
    this.tooOld = tooOld; // `tooOld(ms)`: so much waited for longer than any server takes it
    this.waitMs = FIRST_WAIT_MS;
    this.sending = null;
    this.timer = 0;
    this.alive = new Set(); // beats that this page has told or drafted
  }

  async start() {
    try {
      this.kept = await Kept.open();
    } catch {
      this.kept = new InMemory();
    }
    addEventListener("online", () => this.send());
  }

  // Beats that an earlier page could not tell, the oldest first.
  async left() {
    const oldest = Date.now() - OLDEST_MS;
    const found = [];
    let lateMs = 0;
    for (const beat of await this.all()) {
      if (this.alive.has(beat.key)) continue;
      if (beat.at < oldest) {
        lateMs += beat.body.spans.reduce((sum, span) => sum + span.ended_ms - span.began_ms, 0);
        await this.remove(beat.key);
      } else found.push(beat);
    }
    if (lateMs) this.tooOld(lateMs);
    return found;
  }

  async all() {
    const beats = await this.kept.all().catch(() => []);
    return beats.sort((a, b) => a.at - b.at || a.body.seq - b.body.seq);
  }

  async remove(key) {
    await this.kept.remove(key).catch(() => {});
  }

  async draft(playback, body) {
    await this.keep(playback, body, true);
  }

  async tell(playback, body, { leaving = false } = {}) {
    const kept = this.keep(playback, body, false);
    if (leaving) return post(record(playback, body), true).catch(() => {});
    await kept;
    return this.send();
  }

  keep(playback, body, isDraft) {
    const beat = { ...record(playback, body), isDraft };
    this.alive.add(beat.key);
    return this.kept.put(beat).catch(() => {});
  }

  // Tell everything that waits, in order, until the line fails. One run at a time.
  send() {
    this.sending ??= this.drain().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  async drain() {
    clearTimeout(this.timer);
    for (;;) {
      const waiting = (await this.all()).filter((one) => !(one.isDraft && this.alive.has(one.key)));
      if (!waiting.length) break;
      if (!(await this.attempt(waiting[0]))) return this.later();
    }
    this.waitMs = FIRST_WAIT_MS;
    return true;
  }

  async attempt(beat) {
    let response;
    try {
      response = await post(beat, false);
    } catch {
      return false;
    }
    const answer = await response.json().catch(() => ({}));
    if (!isFinal(response, answer, beat)) return false;
    await this.remove(beat.key);
    this.alive.delete(beat.key);
    this.answered(beat, response.status, answer);
    return true;
  }

  later() {
    this.waits();
    this.timer = setTimeout(() => this.send(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    return false;
  }
}

// Whether this is our server's last word on a beat. A portal's page, a proxy's error or a server that
// starts again are none: the beat waits.
function isFinal(response, answer, beat) {
  if (response.status === 200) return answer.seq === beat.body.seq;
  return Boolean(answer.code) && response.status < 500 && response.status !== 429;
}

function record(playback, body) {
  return {
    key: `${playback.id}/${body.seq}`,
    playback: playback.id,
    url: playback.beatsUrl,
    token: playback.token,
    body,
    at: Date.now(),
  };
}

function post(beat, keepalive) {
  return fetch(beat.url, {
    method: "POST",
    keepalive,
    credentials: "omit",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${beat.token}` },
    body: JSON.stringify(beat.body),
  });
}
