// Whose code is at work: the course builds this runtime with a learner's modules in the place of ours, and each says so itself. Chapter 06.

import Namespaces

/// Modules that a learner may have written, and whose they are: `reference`, or a word of the learner's own copy.
public let moduleProvenance = ["Namespaces": Namespaces.provenance]

/// The same as remarks for the beginning of a record.
public var provenanceNotes: [String] { moduleProvenance.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }
