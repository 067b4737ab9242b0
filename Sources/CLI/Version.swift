// The version that `slipway` calls itself. chapter 13

/// This program's version.
let slipwayVersion = "0.1.0"
