extension Distribution {
  /// The names that stand for distributions in a specification.
  public static let keywords = [
    "choice", "ordinal", "uniform", "log_uniform", "normal", "log_normal", "int", "int_log", "step",
  ]
  /// The names that stand beside them and say more.
  public static let modifiers = ["by", "when"]
  /// The distributions whose numbers can be multiples of `by`.
  static let quantizable = ["uniform", "log_uniform", "normal", "log_normal"]

  /// The distribution as a specification says it.
  public var value: Value {
    switch self {
    case .choice(let values): .map(["choice": .list(values)])
    case .ordinal(let values): .map(["ordinal": .list(values)])
    case .uniform(let low, let high): .map(["uniform": .list([.number(low), .number(high)])])
    case .logUniform(let low, let high):
      .map(["log_uniform": .list([.number(low), .number(high)])])
    case .integers(let low, let high, 1): .map(["int": .list([.integer(low), .integer(high)])])
    case .integers(let low, let high, let step):
      .map(["step": .list([.integer(low), .integer(high), .integer(step)])])
    case .logIntegers(let low, let high):
      .map(["int_log": .list([.integer(low), .integer(high)])])
    case .steps(let low, let high, let step):
      .map(["step": .list([.number(low), .number(high), .number(step)])])
    case .logSteps(let low, let high, let step):
      .map(["log_uniform": .list([.number(low), .number(high)]), "by": .number(step)])
    case .normal(let mean, let deviation, _, _, let isLogarithmic, let step):
      // The bounds are those of the field.
      .map(
        [isLogarithmic ? "log_normal" : "normal": .list([.number(mean), .number(deviation)])]
          .merging(step.map { ["by": .number($0)] } ?? [:]) { first, _ in first })
    }
  }
}

extension Distribution: CustomStringConvertible {
  /// `{rnn, lstm}`, `log 1e-4…1e-2`, `16…64 by 16`, `normal 0.5 ± 0.1`.
  public var description: String {
    func range(_ low: Value, _ high: Value) -> String { "\(low)…\(high)" }
    func logarithmic(_ low: Double, _ high: Double) -> String {
      "log " + Value.short(low, exponentBelow: 0.1) + "…" + Value.short(high, exponentBelow: 0.1)
    }
    switch self {
    case .choice(let values): return "{" + values.map(\.description).joined(separator: ", ") + "}"
    case .ordinal(let values): return values.map(\.description).joined(separator: " < ")
    case .uniform(let low, let high): return range(.number(low), .number(high))
    case .logUniform(let low, let high): return logarithmic(low, high)
    case .integers(let low, let high, 1): return "int " + range(.integer(low), .integer(high))
    case .integers(let low, let high, let step):
      return range(.integer(low), .integer(high)) + " by \(step)"
    case .logIntegers(let low, let high): return "int log " + range(.integer(low), .integer(high))
    case .steps(let low, let high, let step):
      return range(.number(low), .number(high)) + " by \(Value.number(step))"
    case .logSteps(let low, let high, let step):
      return logarithmic(low, high) + " by \(Value.number(step))"
    case .normal(let mean, let deviation, _, _, let isLogarithmic, let step):
      return (isLogarithmic ? "log normal " : "normal ") + Value.number(mean).description + " ± "
        + Value.number(deviation).description + (step.map { " by \(Value.number($0))" } ?? "")
    }
  }
}
