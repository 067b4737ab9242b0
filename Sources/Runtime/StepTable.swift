// All steps, as a table: for the chapter, for `slipway-runtime steps`, and for the test that guards their order. Chapter 06.

public import Explain

/// Every step from a plan to a running command, in the order in which each process does them.
public var stepTable: [StepSummary] {
    (planSteps.map { StepSummary($0, in: "runtime") } + startSteps.map { StepSummary($0, in: "runtime") })
        + [StepSummary(enterCgroup, in: "init")] + containerSteps.map { StepSummary($0, in: "init") } + processSteps.map { StepSummary($0, in: "init") }
}

/// Every step of a later process (`exec`).
public var execStepTable: [StepSummary] {
    executeSteps.map { StepSummary($0, in: "runtime") } + middleSteps.map { StepSummary($0, in: "middle") } + processSteps.map { StepSummary($0, in: "exec") }
}
