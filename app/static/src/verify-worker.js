// Keeps the saved page, so that a code scanned without a network opens it all the same.

const KEPT = "verify-1";
const PAGE = "/verify/offline.html";

async function keep() {
  const answer = await fetch(PAGE, { cache: "no-store" });
  if (!answer.ok) return;
  // As a page to be shown: without the headers that make it a download.
  const page = new Response(await answer.text(), { headers: { "Content-Type": "text/html; charset=utf-8" } });
  await (await caches.open(KEPT)).put(PAGE, page);
}

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || new URL(event.request.url).pathname !== "/verify/") return;
  event.respondWith(
    fetch(event.request).then(
      (answer) => {
        event.waitUntil(keep().catch(() => {})); // keys and words of today
        return answer;
      },
      async () => (await (await caches.open(KEPT)).match(PAGE)) || Response.error(),
    ),
  );
});
