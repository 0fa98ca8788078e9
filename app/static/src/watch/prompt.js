// "Are you still watching?" The picture waits while it is asked, so whoever is away loses nothing but
// the moment, and whoever is there loses nothing at all.

import { Camera } from "../camera/camera.js";
import { Refused } from "./playback.js";

const SOON_S = 15; // when the time left is said once more
const AGAIN_MS = 1500;

export class Prompt {
  // `again()` asks the server what is asked next; `texts` are the sentences.
  constructor(root, video, texts, again) {
    this.video = video;
    this.texts = texts;
    this.again = again;
    this.box = root.querySelector("[data-prompt]");
    for (const name of ["title", "words", "camera", "answers", "left", "said"]) {
      this[name] = this.box.querySelector(`[data-prompt-${name}]`);
    }
    this.open = null; // the prompt that is shown
    this.box.addEventListener("keydown", (event) => this.keep(event));
    video.addEventListener("play", () => this.holds());
  }

  // A headset's button, or coming back to the page, must not let time run that would not count.
  holds() {
    if (!this.open) return;
    this.wasPlaying = true;
    this.video.pause();
  }

  // A prompt as an answer to a beat holds it.
  async show(prompt, playback) {
    if (this.open?.id === prompt.id) return;
    const ends = performance.now() + prompt.answer_within_ms;
    const wasPlaying = this.open ? this.wasPlaying : !this.video.paused;
    const open = { ...prompt, playback, ends };
    this.open = open;
    this.wasPlaying = wasPlaying;
    this.before ??= document.activeElement;
    this.video.pause();
    if (this.video.webkitDisplayingFullscreen) this.video.webkitExitFullscreen(); // nothing lies over an iPhone's own
    const asked = await this.asked(open);
    if (this.open !== open) return;
    if (!asked) {
      this.late();
      return;
    }
    this.box.hidden = false;
    if (asked.photo) this.askPhoto(asked);
    else this.askPlain(asked);
    this.count();
  }

  // A tap, or a question of the lesson.
  askPlain(asked) {
    const isQuestion = asked.way === "question";
    this.endCamera();
    this.title.textContent = isQuestion ? asked.text : this.texts.still;
    this.words.textContent = isQuestion ? this.texts.choose : this.texts.tap;
    this.buttons(isQuestion ? asked.choices : [this.texts.here], (place) => this.answer(isQuestion ? place : true));
    this.answers.querySelector("button").focus();
  }

  // A photo, and always the way without one.
  async askPhoto(asked) {
    const { texts, open } = this;
    this.endCamera();
    this.title.textContent = texts.still;
    this.words.textContent = texts.photo;
    this.camera.hidden = false;
    const camera = new Camera(this.camera, texts.camera, (photo) => {
      send.disabled = !photo;
      if (photo) send.focus();
    });
    this.shooting = camera;
    const chooser = this.chooser((file) => camera.choose(file));
    this.buttons([texts.send, texts.camera.choose, texts.without], (place) => {
      if (place === 0) this.sendPhoto(camera.photo, asked);
      else if (place === 1) chooser.click();
      else this.askPlain(asked);
    });
    const [send] = this.answers.children;
    send.className = "button button--primary";
    send.disabled = true;
    const hasCamera = await camera.begin();
    if (this.open === open && this.shooting === camera) (hasCamera ? camera.shot : this.answers.children[1]).focus();
  }

  // Where there is no camera, or a screen reader's user takes photos elsewhere.
  chooser(chosen) {
    const field = document.createElement("input"); // in the page: some browsers open none that is outside
    field.type = "file";
    field.hidden = true;
    field.accept = "image/jpeg,image/png,image/webp";
    field.addEventListener("change", () => field.files[0] && chosen(field.files[0]));
    this.camera.append(field);
    return field;
  }

  async sendPhoto(photo, asked) {
    const { open } = this;
    clearInterval(this.timer); // what was sent in time is judged in time
    this.left.textContent = "";
    this.words.textContent = this.texts.comparing;
    for (const button of this.box.querySelectorAll("button")) button.disabled = true;
    try {
      const { result } = await open.playback.photo(open.id, photo);
      if (this.open !== open) return;
      if (result === "pass") this.close();
      else if (result === "fail") this.next(this.texts.unlike);
      else this.late();
    } catch (error) {
      if (this.open !== open) return;
      const isPhoto = error instanceof Refused && error.status === 422;
      if (isPhoto) await this.askPhoto(asked);
      else this.askPlain(asked);
      this.words.textContent = (error instanceof Refused && error.title) || this.texts.retry;
      this.said.textContent = this.words.textContent;
      this.count();
    }
  }

  endCamera() {
    this.shooting?.end();
    this.shooting = null;
    this.camera.hidden = true;
  }

  // What a prompt asks, however often the line fails; null once its time is over.
  async asked(open) {
    while (this.open === open && performance.now() < open.ends) {
      try {
        return await open.playback.asked(open.id);
      } catch (error) {
        if (isFinal(error)) return null;
        this.title.textContent = this.texts.still;
        this.words.textContent = this.texts.coming;
        this.left.textContent = "";
        this.answers.replaceChildren();
        this.box.hidden = false;
        this.box.focus();
        await pause(AGAIN_MS);
      }
    }
    return null;
  }

  buttons(labels, chosen) {
    this.answers.replaceChildren(
      ...labels.map((label, place) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = labels.length > 1 ? "button button--secondary" : "button button--primary";
        button.textContent = label;
        button.addEventListener("click", () => chosen(place));
        return button;
      }),
    );
  }

  count() {
    clearInterval(this.timer);
    const tick = () => {
      const left = Math.max(0, Math.ceil((this.open.ends - performance.now()) / 1000));
      this.left.textContent = this.texts.left.replace("{seconds}", left);
      if (left === SOON_S) this.said.textContent = this.left.textContent;
      if (left === 0) this.late();
    };
    tick();
    this.timer = setInterval(tick, 1000);
  }

  async answer(given) {
    const { open } = this;
    clearInterval(this.timer);
    for (const button of this.answers.children) button.disabled = true;
    for (;;) {
      try {
        const { result } = await open.playback.answer(open.id, given);
        if (result === "pass") this.close();
        else if (result === "fail") this.next(this.texts.wrong);
        else this.late();
        return;
      } catch (error) {
        if (isFinal(error) || performance.now() > open.ends) {
          this.late();
          return;
        }
        this.said.textContent = this.texts.retry;
        await pause(AGAIN_MS);
      }
    }
  }

  // Nobody answered in time: no hurry any more.
  late() {
    clearInterval(this.timer);
    this.endCamera();
    this.left.textContent = "";
    this.title.textContent = this.texts.still;
    this.words.textContent = this.texts.late;
    this.buttons([this.texts.back], () => this.next(""));
    this.box.hidden = false;
    this.answers.querySelector("button").focus();
  }

  async next(words) {
    this.said.textContent = words;
    for (const button of this.answers.children) button.disabled = true;
    this.endCamera();
    this.open = { id: null };
    const isTold = await this.again();
    if (this.open?.id !== null) return; // the next one is shown
    if (isTold) this.close(); // nothing is asked any more
    else this.late(); // no line: the button stays
  }

  // What was asked is answered, or asks no more.
  close() {
    clearInterval(this.timer);
    if (!this.open) return;
    this.open = null;
    this.endCamera();
    this.box.hidden = true;
    this.said.textContent = this.texts.thanks;
    this.before?.focus?.();
    this.before = null;
    if (this.wasPlaying) this.video.play().catch(() => {});
  }

  // The keyboard stays among the answers, and nothing but an answer closes it.
  keep(event) {
    event.stopPropagation();
    if (event.key !== "Tab") return;
    const buttons = [...this.box.querySelectorAll("button:not(:disabled):not([hidden])")];
    const at = buttons.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
    buttons[(at + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
  }
}

// Whether trying again cannot help.
function isFinal(error) {
  return error instanceof Refused && error.status < 500 && error.status !== 429;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
