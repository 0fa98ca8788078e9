// Plays previews where the browser has no HLS of its own; hls.js is fetched only then.

for (const video of document.querySelectorAll("video[data-hls]")) {
  if (video.canPlayType("application/vnd.apple.mpegurl")) continue;
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) continue;
  video.querySelector("source")?.remove();
  const hls = new Hls({ enableWorker: true });
  hls.loadSource(video.dataset.hls);
  hls.attachMedia(video);
}
