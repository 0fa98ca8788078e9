// Plays previews where the browser has no HLS of its own; hls.js is fetched only then.

async function play(video) {
  if (video.canPlayType("application/vnd.apple.mpegurl")) return;
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) return;
  video.querySelector("source")?.remove();
  const hls = new Hls({ enableWorker: true });
  hls.loadSource(video.dataset.hls);
  hls.attachMedia(video);
}

document.querySelectorAll("video[data-hls]").forEach(play);
