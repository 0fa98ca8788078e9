// The picture itself: HLS by the browser where it does that well (Apple's), else by hls.js, which is
// loaded only then. Long buffers, because lines in workshops break.

const HLS = "application/vnd.apple.mpegurl";

export async function load(video, manifestUrl) {
  if (hasGoodNativeHls(video)) {
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
  });
  if (wantsFewBytes()) hls.autoLevelCapping = 0;
  hls.on(Hls.Events.ERROR, (_name, data) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else setTimeout(() => hls.startLoad(), 3000);
  });
  addEventListener("online", () => hls.startLoad());
  hls.loadSource(manifestUrl);
  hls.attachMedia(video);
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
