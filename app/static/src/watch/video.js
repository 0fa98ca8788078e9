// The picture itself: HLS by the browser where it does that well (Apple's), else by hls.js, which is
// loaded only then. Long buffers, because lines in workshops break.
//
// A link ends some hours after its playback was opened. Whenever the page opens another playback, what
// is still to be fetched is fetched by that one's link.

import { wantsFewBytes } from "./memory.js";

const HLS = "application/vnd.apple.mpegurl";
const LEAST = "least";
let first = "";
let newest = "";
let refused = ""; // the link that has ended, while another one is awaited
let quality = "auto"; // or "least", or a rung's name
let choose = () => {}; // makes the picture follow the choice

export function renew(manifestUrl) {
  newest = folder(manifestUrl);
}

// Where a file of the lesson is, by the newest link.
export const beside = (name) => newest + name;

// The quality to begin with: the phone's wish to save data goes before what was chosen on this device.
// A size that this lesson lacks becomes the next smaller one.
export function firstQuality(chosen, names) {
  if (wantsFewBytes()) return LEAST;
  if (names.includes(chosen)) return chosen;
  const height = Number.parseInt(chosen, 10);
  const smaller = names.filter((name) => Number.parseInt(name, 10) <= height);
  return smaller.at(-1) ?? (height ? LEAST : "auto");
}

export function setQuality(name) {
  quality = name;
  choose();
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
    // The browser's own player takes one rung as well as the whole ladder.
    choose = () => restart(video);
    video.src = newest + wanted(video);
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
  choose = () => {
    if (!hls.levels.length) return;
    const place = hls.levels.findIndex((level) => level.url[0].includes(`/${quality}/`));
    hls.nextLevel = quality === LEAST ? 0 : place; // -1: by what the line gives
  };
  hls.on(Hls.Events.MANIFEST_PARSED, choose);
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
  restart(video);
}

function restart(video) {
  const { currentTime: at, paused } = video;
  first = newest;
  video.src = newest + wanted(video);
  video.addEventListener(
    "loadedmetadata",
    () => {
      video.currentTime = at;
      if (!paused) video.play().catch(() => {});
    },
    { once: true },
  );
}

function wanted(video) {
  const name = quality === LEAST ? video.dataset.least : quality;
  return name && name !== "auto" ? `${name}/index.m3u8` : "master.m3u8";
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
