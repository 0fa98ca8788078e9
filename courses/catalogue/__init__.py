"""The course marketplace: drafts, immutable editions, review, and the words courses are found by."""
