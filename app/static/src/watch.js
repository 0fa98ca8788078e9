// The learning page: picture, controls, time line, and the sentence that says how much of it counts.

import { Controls } from "./watch/controls.js";
import { wantsFewBytes } from "./watch/memory.js";
import { Player } from "./watch/player.js";
import { Prompt } from "./watch/prompt.js";
import { Storyboard } from "./watch/storyboard.js";
import { Timeline, time } from "./watch/timeline.js";
import { Transcript } from "./watch/transcript.js";
import { beside, load, renew } from "./watch/video.js";

const root = document.querySelector("[data-watch]");
const config = JSON.parse(document.getElementById("watch-config").textContent);
const { texts } = config;
config.csrf = document.querySelector('meta[name="csrf-token"]').content;
config.device = device();

const video = root.querySelector("video");
const panel = root.querySelector("[data-panel]");
const words = root.querySelector("[data-words]");
const button = root.querySelector("[data-panel-button]");
const link = root.querySelector("[data-panel-link]");
const line = root.querySelector("[data-line]");
const waiting = root.querySelector("[data-waiting]");
const counts = root.querySelector("[data-counts]");
const news = root.querySelector("[data-news]");
const lost = root.querySelector("[data-lost]");
const afterwards = root.querySelector("[data-afterwards]");

const page = {
  isLoaded: false,
  lastTold: null,

  opened(opened) {
    controls.limit(opened.max_rate);
    this.told({ ...opened, not_counted: [] });
    if (this.isLoaded) return renew(opened.manifest_url);
    this.isLoaded = true;
    load(video, opened.manifest_url, () => player.isOver || player.renew());
    const at = config.startMs ?? opened.resume_ms;
    video.addEventListener("loadedmetadata", () => seek(at), { once: true });
  },

  told(answer) {
    this.lastTold = answer;
    counts.textContent = fill(texts.counts, {
      effective: time(Number(fraction(answer.effective_ms))),
      duration: time(config.durationMs),
    });
    const missed = (answer.not_counted ?? []).filter((row) => fraction(row.wall_ms) >= 500);
    lost.hidden = missed.length === 0;
    lost.textContent = missed
      .map((row) =>
        fill(texts.notCounted, {
          time: time(Math.max(1000, fraction(row.wall_ms))),
          reason: texts.reasons[row.reason] ?? row.reason,
        }),
      )
      .join(" ");
    this.finished();
  },

  finished() {
    const covered = player.covered.reduce((sum, [from, to]) => sum + fraction(to) - fraction(from), 0);
    const isWhole = covered >= config.durationMs - 250;
    afterwards.hidden = !isWhole;
    if (isWhole && video.ended) player.finish();
  },

  moved() {
    const covered = player.covered.map(([from, to]) => [fraction(from), fraction(to)]);
    timeline.show(covered, player.playing(), video.currentTime * 1000, player.lost);
    if (!line.hidden) {
      const ms = player.waitingMs();
      waiting.textContent = ms >= 1000 ? fill(texts.waiting, { time: time(ms) }) : "";
    }
  },

  problem(kind, title = "") {
    if (kind === "line") {
      line.hidden = false;
      return;
    }
    if (kind === "seek") {
      news.hidden = false;
      news.textContent = texts.seekBlocked;
      return;
    }
    words.textContent = title || texts.refused;
    button.hidden = kind !== "takenOver";
    link.hidden = kind === "takenOver";
    link.href = kind === "signIn" ? config.signInUrl : config.courseUrl;
    link.textContent = kind === "signIn" ? texts.signIn : texts.backToCourse;
    panel.hidden = false;
    (button.hidden ? link : button).focus();
  },

  tooLate(ms) {
    news.textContent = fill(texts.tooOld, { time: time(Math.max(1000, ms)) });
    news.hidden = false;
  },

  calm(kind = "") {
    if (!line.hidden && waiting.textContent) {
      news.textContent = texts.delivered;
      news.hidden = false;
    }
    waiting.textContent = "";
    line.hidden = true;
    if (!kind) panel.hidden = true;
  },

  asked(asked, playback) {
    if (asked) prompt.show(asked, playback);
  },

  needsTap() {
    controls.play.focus();
  },
};

const player = new Player(video, config, page);
const prompt = new Prompt(root, video, texts.prompt, () => player.ask());
const preview = new Storyboard(root, {
  durationMs: config.durationMs,
  address: (name) => beside(`storyboard/${name}`),
  saves: wantsFewBytes(),
});
const timeline = new Timeline(root, { durationMs: config.durationMs, texts, go: seek, makeUp, preview });
const controls = new Controls(root.querySelector("[data-player]"), video, player, texts);

new Transcript(root, video, { texts, go: makeUp });

button.addEventListener("click", () => player.takeBack());
addEventListener("offline", () => page.problem("line"));
video.addEventListener("ended", () => page.finished());
page.moved();
root.dataset.ready = "";
player.start();

function seek(ms) {
  video.currentTime = Math.min(ms, config.durationMs - 1) / 1000;
  timeline.show(player.covered, player.playing(), ms);
}

// One tap on a missing piece plays it.
function makeUp(ms) {
  seek(ms);
  video.play().catch(() => page.needsTap());
}

function fraction(value) {
  const [above, below = "1"] = String(value).split("/");
  return Number(above) / Number(below);
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
}

// The kind of machine, and behind it a random number that this browser keeps: by that, and by nothing
// else about it, the server sees that several people learn on one device. It stores only a keyed hash.
function device() {
  return `${kind()} #${mark()}`;
}

function mark() {
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const kept = localStorage.getItem("xueshi-device");
    if (/^[0-9a-f]{32}$/.test(kept ?? "")) return kept;
    localStorage.setItem("xueshi-device", made);
  } catch {
    // A browser that keeps nothing is a new device each time.
  }
  return made;
}

function kind() {
  const agent = navigator.userAgent;
  const kinds = [
    [/MicroMessenger/i, "WeChat"],
    [/iPad/i, "iPad"],
    [/iPhone/i, "iPhone"],
    [/Android/i, "Android"],
    [/Windows/i, "Windows"],
    [/Macintosh/i, "Mac"],
    [/Linux/i, "Linux"],
  ];
  return kinds.find(([pattern]) => pattern.test(agent))?.[1] ?? "browser";
}
