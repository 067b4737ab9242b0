// Whose code this is. The reference says so here; a learner's copy of the module carries a word of its own in this place, which
// `slipway info` and `--explain` show: the proof that the learner's object code is what ran in the shim and in the runtime. Chapter 03.

/// `reference`, or the word that a learner's copy of this module was given when it was made.
public let provenance = "reference"
