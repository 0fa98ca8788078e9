// What this device keeps of the learner's wishes: quality, speed, captions. Nothing of it leaves the device.

const KEY = "xueshi-player";

export function recall() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

export function remember(wishes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...wishes }));
  } catch {
    // A browser that keeps nothing begins anew each time.
  }
}

// The phone's own wish, as the system or the browser was told it. It goes before what was chosen earlier.
export function wantsFewBytes() {
  return navigator.connection?.saveData === true || matchMedia("(prefers-reduced-data: reduce)").matches;
}
