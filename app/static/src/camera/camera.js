// Taking a photo: the camera's picture, a button, the photo to look at, another try; a file where there
// is no camera. Knows nothing of what the photo is for, and sends nothing.

const LONGEST = 960; // as much as is compared
const QUALITY = 0.9;

export class Camera {
  // `box` is filled; `changed(photo)` is called with a Blob, or null when it is thrown away.
  constructor(box, texts, changed) {
    this.texts = texts;
    this.changed = changed;
    this.video = make("video", { className: "camera__view", muted: true, playsInline: true });
    this.video.setAttribute("aria-label", texts.view ?? texts.ready);
    this.shown = make("canvas", { className: "camera__view", hidden: true });
    this.shown.setAttribute("role", "img");
    this.shown.setAttribute("aria-label", texts.taken);
    this.words = make("p", { className: "camera__words" });
    this.words.setAttribute("role", "status");
    this.shot = make("button", { type: "button", className: "button button--primary", textContent: texts.shot });
    this.shot.addEventListener("click", () => (this.photo ? this.begin() : this.take()));
    box.replaceChildren(this.video, this.shown, this.words, this.shot);
    this.box = box;
    this.photo = null;
  }

  // Shows what the camera sees; false where there is none, or it may not be used.
  async begin() {
    this.put(null);
    this.shown.hidden = true;
    this.video.hidden = false;
    this.shot.textContent = this.texts.shot;
    try {
      this.stream ??= await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } },
        audio: false,
      });
    } catch {
      this.words.textContent = this.texts.refused;
      this.video.hidden = true;
      this.shot.hidden = true;
      return false;
    }
    if (this.isEnded) {
      this.stop();
      return false;
    }
    this.video.srcObject = this.stream;
    await this.video.play().catch(() => {});
    this.words.textContent = this.texts.ready;
    return true;
  }

  async take() {
    if (!this.video.videoWidth) return;
    this.draw(this.video, this.video.videoWidth, this.video.videoHeight);
    this.stop();
    await this.keep();
  }

  // A file that the learner chose, made smaller and free of where it was taken.
  async choose(file) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) {
      this.put(file); // the server says what is wrong with it
      return;
    }
    this.draw(picture, picture.width, picture.height);
    await this.keep();
  }

  draw(source, width, height) {
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    this.shown.width = Math.round(width * scale);
    this.shown.height = Math.round(height * scale);
    this.shown.getContext("2d").drawImage(source, 0, 0, this.shown.width, this.shown.height);
  }

  async keep() {
    const photo = await new Promise((done) => this.shown.toBlob(done, "image/jpeg", QUALITY));
    this.video.hidden = true;
    this.shown.hidden = false;
    this.shot.textContent = this.texts.again;
    this.words.textContent = this.texts.taken;
    this.put(photo);
  }

  put(photo) {
    this.photo = photo;
    this.changed(photo);
  }

  // The camera's light goes out.
  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  end() {
    this.isEnded = true;
    this.stop();
    this.box.replaceChildren();
  }
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
