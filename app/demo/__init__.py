"""The demonstration city: made from rules and scripts, clearly marked as an example, never pasted."""
