"""Watching: playbacks, beats and what they prove, by the contract of `watch.md`."""
