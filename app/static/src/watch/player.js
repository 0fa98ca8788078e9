// The player's life: opens a playback, records what is played, tells it in beats, and goes on after
// whatever happens to the line, the phone, the machine or the learner's other devices.

import { Clock } from "./clock.js";
import { open, Refused } from "./playback.js";
import { holdLock, Queue } from "./queue.js";
import { merged, Recorder } from "./spans.js";

const LOOK_MS = 250;
const DRAFT_MS = 1000;
const FIRST_BEAT_MS = 2000; // soon, so that the page knows where it stands
const EARLY = 0.1; // by up to this share, drawn each time, a beat comes early: no two players in step, none like a clock
const ONWARD_MS = 1000; // how far ahead of what is covered a blocked seek may land, for rounding
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

export class Player {
  // `page` shows things: told(answer), moved(), problem(kind, title), calm(), needsTap().
  constructor(video, config, page) {
    this.video = video;
    this.config = config;
    this.page = page;
    this.clock = new Clock();
    this.recorder = new Recorder(this.clock);
    this.queue = new Queue({
      csrf: config.csrf,
      answered: (beat, status, answer) => this.answered(beat, status, answer),
      waits: () => this.page.problem("line"),
    });
    this.told = new Map(); // spans that no answer has confirmed yet, by the beat's key
    this.playback = null;
    this.covered = config.covered;
    this.lost = config.lost ?? []; // [from, to, reason] of media played in vain
    this.maxRate = config.maxRate;
    this.isBlocked = config.seekForward === "blocked";
    this.sentAt = 0;
    this.early = 0;
    this.draftedAt = 0;
    this.isOver = false; // another device went on
    this.pausedByHiding = false;
    this.opening = null;
    this.waitMs = FIRST_WAIT_MS;
  }

  async start() {
    this.listen();
    // What an earlier page could not tell is told first, while its playback is still the open one.
    if (await this.queue.start()) await this.queue.send();
    await this.open();
    setInterval(() => this.look(), LOOK_MS);
  }

  // Opens a playback, trying again while the line is down. One at a time.
  open() {
    this.opening ??= this.tryToOpen().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  async tryToOpen() {
    for (;;) {
      try {
        this.began(await open(this.config));
        return true;
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) {
          this.stop();
          this.page.problem(error.status === 401 ? "signIn" : "refused", error.title);
          return false;
        }
        this.page.problem("line");
        await new Promise((resolve) => setTimeout(resolve, this.waitMs));
        this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  }

  began(playback) {
    const { opened } = playback;
    this.tellTheRest();
    holdLock(playback.id);
    this.waitMs = FIRST_WAIT_MS;
    this.isOver = false;
    this.playback = playback;
    this.clock.restart();
    this.recorder.drop();
    this.covered = opened.covered_ms;
    this.lost = opened.lost_ms;
    this.maxRate = opened.max_rate;
    this.isBlocked = opened.seek_forward === "blocked";
    this.sentAt = this.clock.now();
    this.page.calm();
    this.page.opened(opened);
    if (this.isAdvancing()) this.recorder.begin(this.mediaMs(), this.video.playbackRate);
  }

  // What was played while the next playback was being opened still belongs to the last one.
  tellTheRest() {
    if (this.playback && !this.isOver) this.tell("playing");
  }

  listen() {
    const { video } = this;
    video.addEventListener("playing", () => this.plays());
    for (const name of ["waiting", "seeking", "emptied", "stalled"]) {
      video.addEventListener(name, () => this.halts());
    }
    video.addEventListener("pause", () => this.pauses());
    video.addEventListener("ended", () => this.ends());
    video.addEventListener("seeking", () => this.holdBack());
    video.addEventListener("seeked", () => this.plays());
    video.addEventListener("ratechange", () => this.changesRate());
    video.addEventListener("timeupdate", () => this.page.moved());
    document.addEventListener("visibilitychange", () => this.turns());
    addEventListener("pagehide", () => this.leaves());
  }

  mediaMs() {
    return this.video.currentTime * 1000;
  }

  isAdvancing() {
    const { video } = this;
    return !video.paused && !video.seeking && !video.ended && video.readyState > 2;
  }

  plays() {
    if (!this.playback || !this.isAdvancing()) return;
    if (this.clock.hasSlept()) {
      this.renew();
      return;
    }
    if (!this.recorder.run) this.recorder.begin(this.mediaMs(), this.video.playbackRate);
  }

  // `stalled` speaks of the network only: while the picture moves, playing goes on.
  halts() {
    if (!this.isAdvancing()) this.recorder.end(this.recorder.run?.to ?? 0);
  }

  pauses() {
    this.recorder.end(this.mediaMs());
    if (this.video.ended) return;
    this.tell(document.hidden ? "hidden" : "paused");
  }

  async ends() {
    this.recorder.end(this.mediaMs());
    await this.tell("ended");
    this.page.moved();
  }

  // Away from the page nothing counts, so the picture waits for the learner instead of running on.
  turns() {
    if (document.hidden) {
      this.pausedByHiding = !this.video.paused;
      if (this.pausedByHiding) this.video.pause();
      return;
    }
    if (this.clock.hasSlept()) this.renew();
    else this.queue.send();
    if (this.pausedByHiding) {
      this.pausedByHiding = false;
      this.video.play().catch(() => this.page.needsTap());
    }
  }

  leaves() {
    this.recorder.end(this.mediaMs());
    this.tell("hidden", { leaving: true });
  }

  changesRate() {
    if (this.video.playbackRate > this.maxRate) this.video.playbackRate = this.maxRate;
    if (this.recorder.run) this.recorder.look(this.mediaMs(), this.video.playbackRate);
  }

  // Where the policy forbids to seek ahead, a seek ends at the furthest point covered.
  holdBack() {
    if (!this.isBlocked) return;
    const furthest = this.furthestMs();
    if (this.mediaMs() > furthest + ONWARD_MS) {
      this.video.currentTime = furthest / 1000;
      this.page.problem("seek");
    }
  }

  furthestMs() {
    return merged([...this.covered, ...this.playing()]).reduce((most, [, to]) => Math.max(most, to), 0);
  }

  // Media of spans that no answer has confirmed yet.
  playing() {
    const waiting = [...this.told.values()].flat();
    return [...waiting, ...this.recorder.peek()].map((span) => [span.from_ms, span.to_ms]);
  }

  look() {
    this.page.moved();
    if (!this.playback || this.isOver) return;
    if (this.clock.hasSlept()) {
      this.renew();
      return;
    }
    if (this.isAdvancing()) {
      if (this.recorder.run) this.recorder.look(this.mediaMs(), this.video.playbackRate);
      else this.recorder.begin(this.mediaMs(), this.video.playbackRate);
    }
    const now = this.clock.now();
    const everyMs = this.playback.seq === 1 ? Math.min(FIRST_BEAT_MS, this.playback.beatEveryMs) : this.playback.beatEveryMs * (1 - this.early);
    if (now - this.sentAt >= everyMs && this.recorder.peek().length) {
      this.tell("playing");
    } else if (now - this.draftedAt >= DRAFT_MS && this.recorder.peek().length) {
      this.draftedAt = now;
      this.playback.draft(this.queue, this.recorder.peek());
    }
  }

  tell(state, options) {
    if (!this.playback || this.isOver) return Promise.resolve();
    const spans = this.recorder.take();
    if (!spans.length && state !== "hidden" && state !== "paused") return Promise.resolve();
    this.sentAt = this.clock.now();
    this.early = Math.random() * EARLY;
    return this.hand(spans, state, options);
  }

  hand(spans, state, options) {
    if (spans.length) this.told.set(`${this.playback.id}/${this.playback.seq}`, spans);
    return this.playback.tell(this.queue, spans, state, options);
  }

  // Says where it is, and so learns what is asked; whether the line let it.
  ask() {
    if (!this.playback || this.isOver) return Promise.resolve(false);
    this.sentAt = this.clock.now();
    return this.hand(this.recorder.take(), "paused");
  }

  // The machine slept or its clock was set: what was played before is told, then a new clock begins.
  async renew() {
    this.recorder.close();
    this.tell("paused");
    await this.open();
  }

  // How much was played and is not answered yet.
  waitingMs() {
    return lengthMs([...this.told.values()].flat());
  }

  // Remembers what of a beat did not count, for the list of what is missing. Reasons that reach beyond
  // the beat's own time (a check that was missed) are for the server to place.
  notes(beat, answer) {
    const lost = (answer.not_counted ?? []).filter((row) => row.reason !== "seen_before");
    if (lost.length !== 1 || Number.parseFloat(lost[0].wall_ms) > lengthMs(beat.body.spans)) return;
    this.loses(beat, lost[0].reason);
  }

  loses(beat, reason) {
    this.lost = [...this.lost, ...beat.body.spans.map((span) => [span.from_ms, span.to_ms, reason])];
  }

  answered(beat, status, answer) {
    const isMine = this.playback && beat.playback === this.playback.id;
    const isHere = beat.lesson === this.config.openUrl;
    this.told.delete(beat.key);
    if (answer.covered_ms && isHere) {
      this.covered = answer.covered_ms;
      this.notes(beat, answer);
      this.page.told(answer);
    }
    if (isTooLate(status)) this.tooLate(beat, isHere);
    if (!isMine) return;
    if (status === 200) {
      this.playback.beatEveryMs = answer.beat_every_ms;
      this.page.calm("line");
      this.page.asked(answer.prompt, this.playback);
    } else if (status === 409 && answer.code === "playback_taken_over") {
      this.stop();
      this.page.problem("takenOver", answer.title);
    } else if (isTooLate(status)) {
      this.open(); // goes on where it was: the picture does not even stop
    }
  }

  // No server takes it any more: the learner must know, and can make it up.
  tooLate(beat, isHere) {
    if (!beat.body.spans.length) return;
    if (isHere) this.loses(beat, "late");
    this.page.tooLate(lengthMs(beat.body.spans));
  }

  stop() {
    this.isOver = true;
    this.recorder.drop();
    this.told.clear();
    this.video.pause();
  }

  // The learner goes on here after another device had taken over.
  async takeBack() {
    if (await this.open()) await this.video.play().catch(() => this.page.needsTap());
  }

  // Everything is covered and told: nothing more is to come from this playback.
  async finish() {
    if (!this.playback || this.isOver) return;
    if (!(await this.queue.send())) return; // what waits must be told before the end
    await this.playback.close();
    this.isOver = true;
  }
}

// The playback has ended, its token has, or it is not of whoever is signed in now.
function isTooLate(status) {
  return status === 401 || status === 404 || status === 410;
}

// Player time of spans.
function lengthMs(spans) {
  return spans.reduce((sum, span) => sum + span.ended_ms - span.began_ms, 0);
}
