// One opening of the lesson as the server knows it: asks for it, numbers its beats, hands them to the
// queue. Knows nothing of pictures or pages.

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.code ?? String(status));
    this.status = status;
    this.code = problem.code ?? "";
    this.title = problem.title ?? "";
  }
}

const OPEN_MS = 15_000;

export async function open(config) {
  const response = await fetch(config.openUrl, {
    method: "POST",
    signal: AbortSignal.timeout?.(OPEN_MS),
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": config.csrf },
    body: JSON.stringify({ device: config.device }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer);
  return new Playback(answer, config.openUrl);
}

export class Playback {
  constructor(opened, lesson) {
    this.id = opened.id;
    this.lesson = lesson;
    this.token = opened.token;
    this.beatsUrl = `/api/v1/playbacks/${opened.id}/beats`;
    this.closeUrl = `/api/v1/playbacks/${opened.id}`;
    this.opened = opened;
    this.beatEveryMs = opened.beat_every_ms;
    this.seq = 1;
  }

  draft(queue, spans) {
    return queue.draft(this, { seq: this.seq, spans, state: "playing" });
  }

  tell(queue, spans, state, options) {
    const body = { seq: this.seq, spans, state };
    this.seq += 1;
    return queue.tell(this, body, options);
  }

  // What a prompt asks.
  asked(promptId) {
    return this.call("GET", `/prompts/${promptId}`);
  }

  // The answer to a prompt: `{ result }`. Throws while the line is down.
  answer(promptId, given) {
    return this.call("POST", "/presence", { prompt: promptId, answer: given });
  }

  // A photo as the answer: `{ result }`, or Refused with a sentence where another one is wanted.
  async photo(promptId, picture) {
    const response = await fetch(`${this.closeUrl}/prompts/${promptId}/photo`, {
      method: "POST",
      credentials: "omit",
      headers: {
        "Content-Type": picture.type,
        Authorization: `Bearer ${this.token}`,
        "Accept-Language": document.documentElement.lang,
      },
      body: picture,
    });
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
    return response.json();
  }

  async call(method, path, body) {
    const response = await fetch(this.closeUrl + path, {
      method,
      credentials: "omit",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
    return response.json();
  }

  close() {
    return fetch(this.closeUrl, {
      method: "DELETE",
      keepalive: true,
      credentials: "omit",
      headers: { Authorization: `Bearer ${this.token}` },
    }).catch(() => {});
  }
}
