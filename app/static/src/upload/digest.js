// What a file is known by, without ever having more of it in memory than one part.

const SAMPLE_BYTES = 256 * 1024;
const HEAD_BYTES = 16;

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const digest = (buffer) => crypto.subtle.digest("SHA-256", buffer);

const sha256 = async (buffer) => hex(await digest(buffer));

// Buffers that were read into before: gigabytes of new ones would wait for the garbage collector.
const spare = [];

async function hashed(slice) {
  let reader;
  try {
    reader = slice.stream().getReader({ mode: "byob" });
  } catch {
    return digest(await slice.arrayBuffer()); // an older browser
  }
  let buffer = spare.pop() ?? new ArrayBuffer(slice.size);
  if (buffer.byteLength < slice.size) buffer = new ArrayBuffer(slice.size);
  for (let at = 0; at < slice.size; ) {
    const { value, done } = await reader.read(new Uint8Array(buffer, at, slice.size - at));
    buffer = value.buffer;
    if (done) break;
    at += value.byteLength;
  }
  const found = await digest(new Uint8Array(buffer, 0, slice.size));
  spare.push(buffer);
  return found;
}

// The SHA-256 of one part, in hexadecimal digits.
export const sha256Of = async (slice) => hex(await hashed(slice));

export const head = async (file) => hex(await file.slice(0, HEAD_BYTES).arrayBuffer());

// The same file gives the same words after a reload; three samples are enough to tell files apart.
export async function fingerprint(file) {
  const middle = Math.max(0, Math.floor(file.size / 2) - SAMPLE_BYTES / 2);
  const samples = [0, middle, Math.max(0, file.size - SAMPLE_BYTES)].map((at) => file.slice(at, at + SAMPLE_BYTES));
  const facts = new TextEncoder().encode(JSON.stringify([file.name, file.size, file.lastModified]));
  return sha256(await new Blob([facts, ...samples]).arrayBuffer());
}

// The whole file, as the site knows it: the SHA-256 of its parts' SHA-256.
export async function content(file, partBytes, onShare) {
  const hashes = new Uint8Array(32 * Math.ceil(file.size / partBytes));
  for (let at = 0, number = 0; at < file.size; at += partBytes, number += 1) {
    onShare(at / file.size);
    hashes.set(new Uint8Array(await hashed(file.slice(at, at + partBytes))), 32 * number);
  }
  return sha256(hashes);
}
