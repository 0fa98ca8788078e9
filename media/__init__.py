"""Video and files as such: stores, uploads, probe, ladder, transcode, playback, captions."""
