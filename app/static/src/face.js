// The page of the consent: the camera beside the file field that works without scripts.

import { Camera } from "./camera/camera.js";

const root = document.querySelector("[data-camera]");
if (root && navigator.mediaDevices?.getUserMedia) {
  const field = root.querySelector('input[type="file"]');
  const live = root.querySelector("[data-camera-live]");
  const texts = JSON.parse(document.getElementById("camera-texts").textContent);
  const open = document.createElement("button");
  open.type = "button";
  open.className = "button button--secondary";
  open.textContent = texts.open;
  open.addEventListener("click", async () => {
    const camera = new Camera(live, texts, (photo) => {
      const files = new DataTransfer();
      if (photo) files.items.add(new File([photo], "photo.jpg", { type: photo.type }));
      field.files = files.files;
    });
    live.hidden = false;
    open.hidden = true;
    if (await camera.begin()) camera.shot.focus();
    else field.focus();
  });
  live.before(open);
}
