// A step: one thing that is done on the way to a container, with its name, its reason and the chapter that teaches it.
//
// What a container needs is done in an order that the kernel dictates, so the order is data: a list of steps. The same list is run by the
// runtime, shown by `--explain`, printed in chapter 06 and checked by a test; and a failure names its step. Chapter 06.

public import Linux

/// One thing to do, and why.
public struct Step<Context>: Sendable {
    /// What is done, as a phrase: `name the host`.
    public let name: String
    /// Why, and why here: a clause that could follow "because".
    public let because: String
    /// The chapter that teaches it.
    public let chapter: Int
    /// Whether there is anything to do; a step without a purpose is neither run nor shown.
    public let isWanted: @Sendable (Context) -> Bool
    /// Does it.
    public let act: @Sendable (Context) throws(StepError) -> Void

    /// A step; see the properties.
    public init(
        _ name: String, because: String, chapter: Int, when isWanted: @escaping @Sendable (Context) -> Bool = { _ in true },
        _ act: @escaping @Sendable (Context) throws(StepError) -> Void
    ) {
        self.name = name
        self.because = because
        self.chapter = chapter
        self.isWanted = isWanted
        self.act = act
    }

    /// A step that only asks the kernel: its `KernelError` becomes the step's.
    public init(
        _ name: String, because: String, chapter: Int, when isWanted: @escaping @Sendable (Context) -> Bool = { _ in true },
        _ act: @escaping @Sendable (Context) throws(KernelError) -> Void
    ) {
        self.init(name, because: because, chapter: chapter, when: isWanted) { context throws(StepError) in
            try asking { () throws(KernelError) in try act(context) }
        }
    }
}

/// Why a step could not be done.
public enum StepError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kernel said no.
    case kernel(KernelError)
    /// We said no: `what` was asked for, and `why` not.
    case refused(what: String, why: String)

    /// `call subject: reason` or `what: why`.
    public var description: String {
        switch self {
        case .kernel(let error): error.description
        case .refused(let what, let why): "\(what): \(why)"
        }
    }
}

/// A step that failed.
public struct StepFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The step's name.
    public let step: String
    /// Why.
    public let error: StepError

    /// The failure of `step`.
    public init(step: String, error: StepError) {
        self.step = step
        self.error = error
    }

    /// `step: call subject: reason`.
    public var description: String { "\(step): \(error)" }
}

/// Does `steps` in order, and tells the recorder, if one is installed, before each.
/// - Throws: the first failure; the steps after it are not begun.
public func run<Context>(_ steps: [Step<Context>], _ context: Context) throws(StepFailure) {
    for step in steps where step.isWanted(context) {
        record(step: step.name, because: step.because, chapter: step.chapter)
        do throws(StepError) {
            try step.act(context)
        } catch {
            throw StepFailure(step: step.name, error: error)
        }
    }
}

/// Runs kernel calls of a step: their `KernelError` becomes the step's.
public func asking<Result: ~Copyable>(_ body: () throws(KernelError) -> Result) throws(StepError) -> Result {
    do throws(KernelError) {
        return try body()
    } catch {
        throw .kernel(error)
    }
}

/// A step without its act: what a table of steps shows.
public struct StepSummary: Equatable, Sendable {
    /// The process that does it, as in `Record.process`.
    public let process: String
    /// What is done.
    public let name: String
    /// Why, and why here.
    public let because: String
    /// The chapter that teaches it.
    public let chapter: Int

    /// The summary of `step`, done by `process`.
    public init<Context>(_ step: Step<Context>, in process: String) {
        self.process = process
        name = step.name
        because = step.because
        chapter = step.chapter
    }
}
