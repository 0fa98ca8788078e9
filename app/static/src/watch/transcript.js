// What is said, as text below the player: the captions that are here anyhow, searched in the page.

import { time } from "./timeline.js";

export class Transcript {
  constructor(root, video, { texts, go }) {
    this.root = root.querySelector("[data-transcript]");
    if (!this.root) return;
    this.video = video;
    this.texts = texts;
    this.go = go;
    this.list = root.querySelector("[data-transcript-lines]");
    this.search = root.querySelector("[data-transcript-search]");
    this.found = root.querySelector("[data-transcript-found]");
    this.root.addEventListener("toggle", () => this.fill());
    this.search.addEventListener("input", () => this.sift());
    video.textTracks.addEventListener("change", () => this.fill());
    for (const track of video.querySelectorAll("track")) track.addEventListener("load", () => this.fill());
  }

  fill() {
    if (!this.root.open) return;
    const tracks = [...this.video.querySelectorAll("track")].map((element) => element.track);
    const track = tracks.find((one) => one.mode === "showing") ?? this.shown ?? tracks[0];
    if (track.mode === "disabled") track.mode = "hidden"; // fetched, and not shown over the picture
    if (!track.cues?.length || (track === this.shown && this.list.children.length)) return;
    this.shown = track;
    this.list.lang = track.language;
    this.list.replaceChildren(...[...track.cues].map((cue) => this.line(cue)));
    this.sift();
  }

  line(cue) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "transcript__line";
    const clock = document.createElement("span");
    clock.className = "transcript__time";
    clock.textContent = time(cue.startTime * 1000);
    button.append(clock, ` ${cue.getCueAsHTML().textContent}`);
    button.addEventListener("click", () => this.go(cue.startTime * 1000));
    item.append(button);
    return item;
  }

  sift() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const item of this.list.children) {
      item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
      count += item.hidden ? 0 : 1;
    }
    this.found.textContent = wanted ? this.texts.found.replace("{count}", count) : "";
  }
}
