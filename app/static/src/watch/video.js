// The picture itself: HLS by the browser where it does that well (Apple's), else by hls.js, which is
// loaded only then. Long buffers, because lines in workshops break.

//
// A link ends some hours after its playback was opened. Whenever the page opens another playback, what
// is still to be fetched is fetched by that one's link.

const HLS = "application/vnd.apple.mpegurl";
let first = "";
let newest = "";
let refused = ""; // the link that has ended, while another one is awaited

export function renew(manifestUrl) {
  newest = folder(manifestUrl);
}

// `ended` is called once a link has ended: it opens another playback, whose link `renew` gets.
export async function load(video, manifestUrl, ended) {
  first = newest = folder(manifestUrl);
  const refuse = async () => {
    if (refused === newest) return;
    refused = newest;
    await ended();
  };
  if (hasGoodNativeHls(video)) {
    video.addEventListener("error", () => (newest === first ? refuse() : Promise.resolve()).then(() => reload(video)));
    video.src = manifestUrl;
    return;
  }
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) {
    video.src = manifestUrl;
    return;
  }
  const hls = new Hls({
    maxBufferLength: 90,
    maxMaxBufferLength: 600,
    backBufferLength: 60,
    capLevelToPlayerSize: true,
    startLevel: 0, // low at first: a phone on a poor line plays at once, and climbs when it can
    fragLoadPolicy: patience(20_000, 120_000),
    manifestLoadPolicy: patience(10_000, 20_000),
    playlistLoadPolicy: patience(10_000, 20_000),
    xhrSetup: (request, url) => newest !== first && request.open("GET", url.replace(first, newest), true),
  });
  if (wantsFewBytes()) hls.autoLevelCapping = 0;
  hls.on(Hls.Events.ERROR, (_name, data) => {
    if (data.response?.code === 403) refuse();
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else setTimeout(() => hls.startLoad(), 3000);
  });
  addEventListener("online", () => hls.startLoad());
  hls.loadSource(manifestUrl);
  hls.attachMedia(video);
}

function folder(url) {
  return url.slice(0, url.lastIndexOf("/") + 1);
}

// The browser's own player keeps to the link that it was given: once that fails, the newest one goes on.
function reload(video) {
  if (newest === first) return;
  const at = video.currentTime;
  first = newest;
  video.src = `${newest}master.m3u8`;
  video.addEventListener("loadedmetadata", () => (video.currentTime = at), { once: true });
}

// The phone's own wish, as the system or the browser was told it.
function wantsFewBytes() {
  return navigator.connection?.saveData === true || matchMedia("(prefers-reduced-data: reduce)").matches;
}

function hasGoodNativeHls(video) {
  const isApple = /apple/i.test(navigator.vendor ?? "");
  return isApple && video.canPlayType(HLS) !== "";
}

function patience(firstByteMs, wholeMs) {
  const retry = { maxNumRetry: 30, retryDelayMs: 1000, maxRetryDelayMs: 8000, backoff: "linear" };
  return {
    default: {
      maxTimeToFirstByteMs: firstByteMs,
      maxLoadTimeMs: wholeMs,
      timeoutRetry: retry,
      errorRetry: retry,
    },
  };
}
