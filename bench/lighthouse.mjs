// Lighthouse as a phone sees the site. Prints one line of JSON; ends with 1 where a category of a
// page stays below 95.
//
//   node bench/lighthouse.mjs http://127.0.0.1:8000 /catalogue/ /people/sign-in ...
//
// Chromium is found in CHROME_PATH, or where Debian puts it.

import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const LEAST = 95;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const [base, ...paths] = process.argv.slice(2);
if (!base || !paths.length) {
  console.error("usage: node bench/lighthouse.mjs BASE PATH...");
  process.exit(2);
}

const chrome = await launch({
  chromePath: process.env.CHROME_PATH || "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  logLevel: "error",
});
const pages = {};
const low = [];
try {
  for (const path of paths) {
    const { lhr } = await lighthouse(new URL(path, base).href, {
      port: chrome.port,
      onlyCategories: CATEGORIES,
      logLevel: "error",
    });
    const scores = Object.fromEntries(
      CATEGORIES.map((name) => [name, Math.round((lhr.categories[name].score ?? 0) * 100)]),
    );
    pages[path] = { ...scores, lcp_ms: Math.round(lhr.audits["largest-contentful-paint"].numericValue) };
    for (const [name, score] of Object.entries(scores)) {
      if (score >= LEAST) continue;
      const lost = lhr.categories[name].auditRefs
        .filter(({ id, weight }) => weight && (lhr.audits[id].score ?? 1) < 1)
        .map(({ id }) => id);
      low.push({ path, category: name, score, lost });
    }
  }
} finally {
  await chrome.kill();
}
console.log(JSON.stringify({ measure: "lighthouse_mobile", least: LEAST, pages, low }));
process.exit(low.length ? 1 : 0);
