// The buttons of the player. Native controls would let the learner go faster than the rules allow, and
// ready-made sets of controls write style elements that our content policy forbids.

import { recall, remember } from "./memory.js";
import { time } from "./timeline.js";
import { firstQuality, setQuality } from "./video.js";

const STEP_S = 10;

export class Controls {
  constructor(root, video, player, texts) {
    this.root = root;
    this.video = video;
    this.player = player;
    this.texts = texts;
    for (const name of ["play", "back", "mute", "captions", "fullscreen", "rate", "quality", "clock"]) {
      this[name] = root.querySelector(`[data-${name}]`);
    }
    this.listen();
    this.asBefore();
    this.show();
  }

  listen() {
    const { video } = this;
    this.play.addEventListener("click", () => this.toggle());
    video.addEventListener("click", () => this.toggle());
    this.back.addEventListener("click", () => this.step(-STEP_S));
    this.mute.addEventListener("click", () => {
      video.muted = !video.muted;
    });
    this.rate.addEventListener("change", () => {
      remember({ rate: this.rate.value });
      this.hasten();
    });
    this.quality.addEventListener("change", () => {
      remember({ quality: this.quality.value });
      setQuality(this.quality.value);
    });
    this.captions.addEventListener("click", () => this.toggleCaptions());
    this.fullscreen.addEventListener("click", () => this.toggleFullscreen());
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    for (const name of ["play", "pause", "ended", "volumechange", "timeupdate", "durationchange"]) {
      video.addEventListener(name, () => this.show());
    }
    video.textTracks.addEventListener("addtrack", () => this.show());
    video.textTracks.addEventListener("change", () => this.show());
  }

  // As this device was left: quality, captions; the speed once it is known what is allowed.
  asBefore() {
    const { quality = "auto", captions } = recall();
    const names = [...this.quality.options].map((option) => option.value);
    this.quality.value = firstQuality(quality, names);
    setQuality(this.quality.value);
    if (captions === undefined) return;
    const wanted = captions && (this.tracks().find((track) => track.language === captions) ?? this.tracks()[0]);
    for (const track of this.tracks()) track.mode = track === wanted ? "showing" : "disabled";
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  step(seconds) {
    this.video.currentTime = Math.max(0, this.video.currentTime + seconds);
  }

  pressed(event) {
    if (event.target.closest("select, button, a") && event.key === " ") return;
    const actions = {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      ArrowLeft: () => this.step(-STEP_S),
      ArrowRight: () => this.step(STEP_S),
      m: () => this.mute.click(),
      c: () => this.captions.click(),
      f: () => this.fullscreen.click(),
    };
    const action = actions[event.key];
    if (!action || event.target.closest("select") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  // Speeds beyond what counts are not offered.
  limit(maxRate) {
    for (const option of this.rate.options) option.hidden = option.disabled = Number(option.value) > maxRate;
    this.rate.closest("[data-rate-field]").hidden = maxRate <= 1;
    const wished = [...this.rate.options].find((option) => option.value === recall().rate && !option.disabled);
    this.rate.value = wished?.value ?? "1";
    this.hasten();
  }

  // Loading begins with the default rate again, so that is set as well.
  hasten() {
    this.video.defaultPlaybackRate = this.video.playbackRate = Number(this.rate.value);
  }

  tracks() {
    return [...this.video.textTracks].filter((track) => ["captions", "subtitles"].includes(track.kind));
  }

  // Each language in turn, then none.
  toggleCaptions() {
    const tracks = this.tracks();
    const next = tracks[tracks.findIndex((track) => track.mode === "showing") + 1];
    for (const track of tracks) track.mode = track === next ? "showing" : "disabled";
    remember({ captions: next?.language ?? "" });
    this.show();
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen().catch(() => {});
    else this.video.webkitEnterFullscreen?.(); // iPhones know only the video's own
  }

  show() {
    const { video, texts } = this;
    this.root.toggleAttribute("data-playing", !video.paused);
    press(this.play, !video.paused, video.paused ? texts.play : texts.pause);
    press(this.mute, video.muted, video.muted ? texts.unmute : texts.mute);
    const tracks = this.tracks();
    this.captions.hidden = tracks.length === 0;
    const shown = tracks.find((track) => track.mode === "showing");
    press(this.captions, Boolean(shown), shown ? `${texts.captions}: ${shown.label}` : texts.captions);
    this.clock.textContent = `${time(video.currentTime * 1000)} / ${time(this.player.config.durationMs)}`;
  }
}

function press(button, isOn, label) {
  button.toggleAttribute("data-on", isOn);
  button.setAttribute("aria-label", label);
  button.title = label;
}
