// The player's clock: monotonic, counted from the opening of the playback, whole milliseconds.
//
// A laptop's sleep stops `performance.now()` in some browsers and not in others. So the wall clock is
// watched beside it: where the two part by more than the slack, this clock is no longer to be trusted
// and the player opens a new playback. The wall clock itself is never reported.

const APART_MS = 1500;

export class Clock {
  constructor(monotonic = () => performance.now(), wall = () => Date.now()) {
    this.monotonic = monotonic;
    this.wall = wall;
    this.restart();
  }

  restart() {
    this.zero = this.monotonic();
    this.anchor();
  }

  anchor() {
    this.seenMonotonic = this.monotonic();
    this.seenWall = this.wall();
  }

  now() {
    return Math.floor(this.monotonic() - this.zero);
  }

  // Whether the machine slept, or somebody set its clock, since the last look.
  hasSlept() {
    const apart = this.wall() - this.seenWall - (this.monotonic() - this.seenMonotonic);
    this.anchor();
    return Math.abs(apart) > APART_MS;
  }
}
