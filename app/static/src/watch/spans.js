// What was played, as spans on the media's own clock: `ended_ms - began_ms` is the media's advance
// divided by the rate, in whole milliseconds. Where the media fell behind the clock (it buffered), a
// span ends and another begins: drift becomes a gap, never a false rate.

const BEHIND_MS = 300;

export class Recorder {
  constructor(clock) {
    this.clock = clock;
    this.run = null;
    this.done = [];
  }

  // The media is advancing from `mediaMs` at `rate`.
  begin(mediaMs, rate) {
    this.end(mediaMs);
    this.run = { from: Math.round(mediaMs), to: Math.round(mediaMs), began: this.clock.now(), rate };
  }

  // A look at the media while it plays.
  look(mediaMs, rate) {
    if (!this.run) return;
    const advanced = (mediaMs - this.run.from) / this.run.rate;
    const passed = this.clock.now() - this.run.began;
    const jumped = advanced - passed > BEHIND_MS || mediaMs < this.run.to - 1;
    if (jumped) {
      // A seek that told nobody: what was seen before it stands.
      this.close();
      this.begin(mediaMs, rate);
    } else if (rate !== this.run.rate || passed - advanced > BEHIND_MS) {
      this.extend(mediaMs);
      this.begin(mediaMs, rate);
    } else {
      this.extend(mediaMs);
    }
  }

  // The media stopped advancing at `mediaMs`.
  end(mediaMs) {
    if (!this.run) return;
    const advanced = (mediaMs - this.run.from) / this.run.rate;
    if (mediaMs >= this.run.to && advanced <= this.clock.now() - this.run.began + BEHIND_MS) {
      this.extend(mediaMs);
    }
    this.close();
  }

  extend(mediaMs) {
    this.run.to = Math.max(this.run.to, Math.round(mediaMs));
  }

  close() {
    const span = this.span();
    if (span) this.done.push(span);
    this.run = null;
  }

  span() {
    const run = this.run;
    if (!run) return null;
    const wall = Math.round((run.to - run.from) / run.rate);
    if (wall < 1 || run.to <= run.from) return null;
    return { from_ms: run.from, to_ms: run.to, began_ms: run.began, ended_ms: run.began + wall };
  }

  // Everything not handed out yet, without ending what goes on.
  peek() {
    const going = this.span();
    return going ? [...this.done, going] : [...this.done];
  }

  // The same, handed out for good; what goes on goes on as a new span exactly where this one ends.
  take() {
    const spans = this.peek();
    const going = this.span();
    this.done = [];
    if (going) {
      this.run = { from: going.to_ms, to: going.to_ms, began: going.ended_ms, rate: this.run.rate };
    }
    return spans;
  }

  drop() {
    this.run = null;
    this.done = [];
  }
}

// Sorted, disjoint [from, to] pairs of everything covered by both lists.
export function merged(pairs) {
  const sorted = pairs.map((pair) => [Number(pair[0]), Number(pair[1])]).sort((a, b) => a[0] - b[0]);
  const joined = [];
  for (const [from, to] of sorted) {
    const last = joined[joined.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

// What is missing of [0, duration) as [from, to] pairs.
export function gaps(covered, durationMs) {
  const missing = [];
  let at = 0;
  for (const [from, to] of merged(covered)) {
    if (from > at) missing.push([at, Math.min(from, durationMs)]);
    at = Math.max(at, to);
  }
  if (at < durationMs) missing.push([at, durationMs]);
  return missing;
}
