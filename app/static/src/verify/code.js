// A certificate's code, read and verified on this device; the same rules as courses/certificates/code.py,
// claim.py and verifying.py. noble does the arithmetic: browsers without WebCrypto's Ed25519, and
// pages that are not served over HTTPS, verify by the same lines as all others.

import { hashes, verify as isSigned } from "@noble/ed25519";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

hashes.sha512 = sha512;

const VERSION = 1;
const PROVED = 1;
const ED25519 = 1;
const MOST_DIGITS = 4000;
const MOST_STEPS = 63;
const FORMAT = "xueshi-claim/1";
const KINDS = ["statement", "course", "requirement"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const EXACT = /^-?\d{1,12}(\/[1-9]\d{0,11})?$/;
const HASH = /^[A-Za-z0-9+/]{43}=$/;

class Refused extends Error {}

function refuse(verdict) {
  throw new Refused(verdict);
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** `{verdict, claim?, log?, size?}` of what was scanned or pasted; `keys` are C2SP verifier keys. */
export function verify(text, keys) {
  try {
    return checked(parse(text.slice(text.lastIndexOf("#") + 1).replace(/\s/g, "")), keys.map(keyOf));
  } catch (error) {
    if (error instanceof Refused) return { verdict: error.message };
    throw error;
  }
}

function keyOf(text) {
  const [name, , ...rest] = text.split("+");
  const raw = bytesOf(rest.join("+"));
  const id = sha256(concatBytes(utf8ToBytes(`${name}\n`), raw)).slice(0, 4);
  return { name, id: bytesToHex(id), kind: raw[0], bytes: raw.slice(1) };
}

function parse(digits) {
  if (!/^[0-9]+$/.test(digits) || digits.length > MOST_DIGITS) refuse("unreadable");
  const hex = BigInt(digits).toString(16);
  const bytes = hexToBytes(hex.length % 2 ? `0${hex}` : hex);
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) refuse("unreadable");
    at += count;
    return bytes.slice(at - count, at);
  };
  const number = (count) => BigInt(`0x${bytesToHex(take(count))}`);
  const [version, flags] = take(2);
  if (version !== VERSION || flags > PROVED) refuse("unreadable");
  const code = { keyId: bytesToHex(take(4)), signature: take(64), claim: take(Number(number(2))), proof: null };
  if (flags === PROVED) {
    const proof = { salt: take(32), index: number(6), size: number(6), path: [] };
    const steps = take(1)[0];
    if (steps > MOST_STEPS) refuse("unreadable");
    for (let step = 0; step < steps; step += 1) proof.path.push(take(32));
    code.proof = { ...proof, keyId: bytesToHex(take(4)), signature: take(64) };
  }
  if (at !== bytes.length) refuse("unreadable");
  return code;
}

function checked(code, keys) {
  signed(code.claim, code.signature, known(code.keyId, keys), "altered");
  const claim = read(code.claim);
  if (!code.proof) return { verdict: "signed", claim };
  const by = known(code.proof.keyId, keys);
  const body = `${by.name}\n${code.proof.size}\n${base64(rootOf(code.proof, leafOf(code)))}\n`;
  signed(utf8ToBytes(body), code.proof.signature, by, "not_in_log");
  return { verdict: "proved", claim, log: by.name, size: String(code.proof.size) };
}

function known(id, keys) {
  return keys.find((key) => key.id === id && key.kind === ED25519) || refuse("unknown_key");
}

function signed(message, signature, key, otherwise) {
  if (!isSigned(signature, message, key.bytes, { zip215: false })) refuse(otherwise);
}

function read(bytes) {
  let lines;
  try {
    lines = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).split("\n");
  } catch {
    refuse("unreadable");
  }
  const [format, certificate, kind, issued, name, document, hours, title, from, to, policies, content, end] = lines;
  const isWhole =
    lines.length === 13 && format === FORMAT && end === "" && KINDS.includes(kind) && EXACT.test(hours) &&
    [issued, from, to].every((day) => DAY.test(day)) && HASH.test(content);
  if (!isWhole) refuse("unreadable");
  return { certificate, kind, issued, name, document, hours, title, from, to, policies };
}

function leafOf(code) {
  const committed = base64(hmac(sha256, code.proof.salt, code.claim));
  return sha256(concatBytes(Uint8Array.of(0), utf8ToBytes(`xueshi-certificate/v1\n${committed}\n`)));
}

// RFC 9162 2.1.3.2; the root is what the path leads to, and the checkpoint's signature says whether it is right.
function rootOf({ index, size, path }, leaf) {
  if (index >= size) refuse("not_in_log");
  let [at, last, reached] = [index, size - 1n, leaf];
  for (const step of path) {
    if (last === 0n) refuse("not_in_log");
    const isLeft = (at & 1n) === 1n || at === last;
    const pair = isLeft ? [step, reached] : [reached, step];
    reached = sha256(concatBytes(Uint8Array.of(1), ...pair));
    if (isLeft) while (at && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) refuse("not_in_log");
  return reached;
}

/** Hours to two places, half away from zero, as the paper writes them. */
export function decimal(hours) {
  const [above, below = "1"] = hours.split("/");
  const [up, down] = [BigInt(above), BigInt(below)];
  const size = up < 0n ? -up : up;
  const hundredths = (2n * size * 100n + down) / (2n * down);
  if (hundredths === 0n) return { text: hours, isExact: true };
  const places = String(hundredths % 100n).padStart(2, "0").replace(/0+$/, "");
  const text = `${up < 0n ? "-" : ""}${hundredths / 100n}${places && `.${places}`}`;
  return { text, isExact: hundredths * down === size * 100n };
}
