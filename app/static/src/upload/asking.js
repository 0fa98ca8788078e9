// Questions to the site and parts on their way: what failed comes back as a Problem with its status.

const STALLED_MS = 30_000;

export class Problem extends Error {
  constructor(status, body) {
    super(body?.title || "");
    this.status = status;
    this.code = body?.code || "";
  }
}

const token = () => document.querySelector('meta[name="csrf-token"]')?.content || "";
const ours = () => ({ Accept: "application/json", "X-CSRFToken": token() });

export const stopped = () => new DOMException("", "AbortError");

export async function ask(url, { method = "GET", json, signal } = {}) {
  const headers = { ...ours(), ...(json && { "Content-Type": "application/json" }) };
  const body = json && JSON.stringify(json);
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", method, headers, body, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, null);
  }
  const told = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, told);
  return told;
}

// One part, to the site or to the store. XMLHttpRequest, because fetch does not say how much has left.
// A slice of the file, not its bytes: the browser reads it as it sends, and keeps nothing in memory.
export function put(url, slice, headers, { signal, isOurs, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled = 0;
    const watch = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
    };
    const stop = () => request.abort();
    const end = (status, body) => {
      clearTimeout(stalled);
      removeEventListener("offline", stop);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(stopped());
      else if (status >= 200 && status < 300) resolve(body);
      else reject(new Problem(status, body));
    };
    signal.addEventListener("abort", stop, { once: true });
    addEventListener("offline", stop, { once: true }); // no need to wait until it looks stalled
    request.upload.onprogress = (event) => {
      watch();
      onProgress(event.loaded);
    };
    request.onload = () => end(request.status, parsed(request.responseText));
    request.onerror = request.onabort = () => end(0, null);
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries({ ...(isOurs && ours()), ...headers })) {
      request.setRequestHeader(name, value);
    }
    watch();
    request.send(slice);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an answer of the store or of a proxy, not of the site
  }
}

// Wait, but not longer than until the line is back.
export const wait = (ms, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done, { once: true });
    signal?.addEventListener("abort", done, { once: true });
  });
