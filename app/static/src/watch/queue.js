// Beats wait here until they are answered. This page's memory is the truth while it lives; the browser's
// own database mirrors it, so that a reload, a crash or a dead battery loses at most the last second, and
// so that nothing hangs on a database that is full, blocked or slow.
//
// A beat's number is used for one content only. What is being played now is kept as a *draft* under the
// number that will be told next; it becomes a beat when it is told, or by the next page if this one dies.

const NAME = "xueshi-watch";
const STORE = "beats";
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const ANSWER_MS = 15_000; // a request without an answer for so long is sent again
const DATABASE_MS = 3000;
const MOST_REFUSALS = 2; // in a row, and the server rests

// The database; every failure is silent, for it only mirrors.
class Mirror {
  async open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    this.database = await within(DATABASE_MS, settled(request));
  }

  async all() {
    return within(DATABASE_MS, settled(this.store("readonly").getAll()));
  }

  put(beat) {
    return this.write((store) => store.put(beat));
  }

  remove(key) {
    return this.write((store) => store.delete(key));
  }

  async write(change) {
    try {
      await within(DATABASE_MS, settled(change(this.store("readwrite"))));
    } catch {
      // memory holds it
    }
  }

  store(mode) {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function within(ms, promise) {
  return Promise.race([promise, new Promise((_resolve, reject) => setTimeout(reject, ms))]);
}

export class Queue {
  // `answered(beat, status, answer)` is called once for each beat that the server answered for good.
  constructor({ csrf, answered, waits }) {
    this.csrf = csrf;
    this.answered = answered;
    this.waits = waits; // called when something could not be told yet
    this.waitMs = FIRST_WAIT_MS;
    this.sending = null;
    this.timer = 0;
    this.beats = new Map();
    this.mirror = new Mirror();
  }

  // Returns how many beats an earlier page left; they are this page's now.
  async start() {
    addEventListener("online", () => this.send());
    try {
      await this.mirror.open();
      const living = await livingPlaybacks();
      for (const beat of await this.mirror.all()) {
        if (!living.has(beat.playback)) this.beats.set(beat.key, { ...beat, isDraft: false });
      }
    } catch {
      // nothing was kept, or nothing can be
    }
    return this.beats.size;
  }

  draft(playback, body) {
    return this.keep(playback, body, true);
  }

  async tell(playback, body, { leaving = false } = {}) {
    const kept = this.keep(playback, body, false);
    if (leaving) return post(record(playback, body), true).catch(() => {});
    await kept;
    return this.send();
  }

  keep(playback, body, isDraft) {
    const beat = { ...record(playback, body), isDraft };
    this.beats.set(beat.key, beat);
    return this.mirror.put(beat);
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
    const refused = new Set(); // by something that is not our server: the others need not wait for them
    for (;;) {
      const next = this.waiting().find((beat) => !refused.has(beat.key));
      if (!next) break;
      const outcome = await this.attempt(next);
      if (outcome === "answered") continue;
      refused.add(next.key);
      if (outcome === "no line" || refused.size >= MOST_REFUSALS) break;
    }
    if (refused.size) return this.later();
    this.waitMs = FIRST_WAIT_MS;
    return true;
  }

  waiting() {
    const told = [...this.beats.values()].filter((beat) => !beat.isDraft);
    return told.sort((a, b) => a.at - b.at || a.body.seq - b.body.seq);
  }

  async attempt(beat) {
    let response, answer;
    try {
      response = await post(beat, false);
      // A day later its own token is no longer enough to tell the learner what came too late.
      if (response.status === 401) response = await post(beat, false, this.csrf);
      answer = await response.json().catch(() => ({}));
    } catch {
      return "no line";
    }
    if (!isFinal(response, answer, beat)) return "refused";
    this.beats.delete(beat.key);
    this.mirror.remove(beat.key);
    this.answered(beat, response.status, answer);
    return "answered";
  }

  later() {
    this.waits();
    this.timer = setTimeout(() => this.send(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    return false;
  }
}

// Playbacks of other pages that live, whose beats are theirs to tell. Each page holds a lock for its own.
async function livingPlaybacks() {
  const known = (await navigator.locks?.query())?.held ?? [];
  return new Set(known.filter((lock) => lock.name.startsWith(NAME)).map((lock) => lock.name.slice(NAME.length)));
}

export function holdLock(playbackId) {
  navigator.locks?.request(NAME + playbackId, () => new Promise(() => {})).catch(() => {});
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
    lesson: playback.lesson,
    url: playback.beatsUrl,
    token: playback.token,
    body,
    at: Date.now(),
  };
}

// By the playback's own token or, with `csrf`, as whoever is signed in here.
async function post(beat, keepalive, csrf = "") {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ANSWER_MS);
  try {
    const response = await fetch(beat.url, {
      method: "POST",
      keepalive,
      signal: limit.signal,
      credentials: csrf ? "same-origin" : "omit",
      headers: {
        "Content-Type": "application/json",
        ...(csrf ? { "X-CSRFToken": csrf } : { Authorization: `Bearer ${beat.token}` }),
      },
      body: JSON.stringify(beat.body),
    });
    const body = await response.text(); // within the same limit
    return new Response(body, { status: response.status });
  } finally {
    clearTimeout(timer);
  }
}
