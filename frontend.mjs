// Builds what browsers load: app/static/css -> dist/site.css and dist/dark.css, and every entry of
// app/static/src that exists -> dist/<entry>.js. Shared code is split off, so that a page loads
// only its own: hls.js and media-chrome travel with the player alone.
//
//   node frontend.mjs           minified, once
//   node frontend.mjs --watch   again at every change

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { build, context } from "esbuild";

const STATIC = "app/static";
const STYLES = ["site", "dark"];
const ENTRIES = readdirSync(`${STATIC}/src`, { withFileTypes: true })
  .filter((item) => item.isFile() && item.name.endsWith(".js") && !item.name.startsWith("_"))
  .map((item) => `${STATIC}/src/${item.name}`);
// What phones of the last five years run; WeChat's and UC's own engines follow Chromium.
const TARGET = ["chrome88", "firefox90", "safari14.1"];

// No DRM and no alternate audio here: the light build is half the size.
const lightHls = {
  name: "light-hls",
  setup(builder) {
    builder.onResolve({ filter: /^hls\.js$/ }, ({ resolveDir, kind }) =>
      builder.resolve("hls.js/light", { resolveDir, kind }),
    );
  },
};

const shared = { bundle: true, minify: true, metafile: true, target: TARGET, logLevel: "warning" };
const scripts = {
  ...shared,
  entryPoints: ENTRIES,
  outdir: `${STATIC}/dist`,
  format: "esm",
  splitting: true,
  chunkNames: "part-[hash]",
  plugins: [lightHls],
};
const styles = {
  ...shared,
  entryPoints: STYLES.map((name) => `${STATIC}/css/${name}.css`),
  outdir: `${STATIC}/dist`,
};

mkdirSync(`${STATIC}/dist`, { recursive: true });
if (process.argv.includes("--watch")) {
  for (const options of [scripts, styles]) await (await context(options)).watch();
} else {
  // Only now is what earlier builds left thrown away: a running site never misses a file.
  const built = new Set();
  for (const options of [scripts, styles]) {
    const { metafile } = await build(options);
    for (const path of Object.keys(metafile.outputs)) built.add(basename(path));
  }
  for (const name of readdirSync(`${STATIC}/dist`)) {
    if (!built.has(name)) rmSync(`${STATIC}/dist/${name}`, { recursive: true });
  }
}
