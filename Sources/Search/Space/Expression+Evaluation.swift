extension Expression {
  /// A step of a computation.
  enum Step: Hashable, Sendable {
    case constant(Operand)
    /// The value of the name of this number.
    case name(Int)
    /// What an operation makes of so many operands.
    case apply(Operation, count: Int)
  }

  /// What can be done, by its sign or name.
  enum Operation: String, Hashable, Sendable {
    case or, and, not
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case unequal = "!="
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case power = "^"
    case negate
    case min, max, abs, log, log2, sqrt, floor, ceil

    /// The functions.
    static let functions: [Operation] = [.min, .max, .abs, .log, .log2, .sqrt, .floor, .ceil]
  }

  /// What a step leaves.
  enum Operand: Hashable, Sendable, CustomStringConvertible {
    /// A finite number.
    case number(Double)
    case truth(Bool)
    case text(String)
    case null
    case undefined

    /// The value of a name; nothing if there is none.
    init(_ value: Value?) {
      switch value {
      case .integer(let integer): self = .number(Double(integer))
      case .number(let number): self = .number(number)
      case .boolean(let truth): self = .truth(truth)
      case .string(let text): self = .text(text)
      case .null, nil: self = .null
      case .list, .map: self = .undefined
      }
    }

    /// A number, if it is one.
    init(finite number: Double) {
      self = number.isFinite ? .number(number) : .undefined
    }

    /// As it stands in an expression.
    var description: String {
      switch self {
      case .number(let number): Value.short(number)
      case .truth(let truth): "\(truth)"
      case .text(let text): text.contains("\"") ? "'\(text)'" : "\"\(text)\""
      case .null, .undefined: "null"
      }
    }
  }

  /// The value, given those of the names by their places in ``names``.
  func evaluate(_ operand: (Int) -> Operand) -> Operand {
    var stack: [Operand] = []
    stack.reserveCapacity(8)
    for step in steps {
      switch step {
      case .constant(let constant): stack.append(constant)
      case .name(let index): stack.append(operand(index))
      case .apply(let operation, let count):
        let last = stack.removeLast()
        if count == 1 {
          stack.append(operation.apply(last))
        } else {
          // Of three and more operands the last two come first, which for min and max is as good.
          var result = last
          for _ in 1..<count { result = operation.apply(stack.removeLast(), result) }
          stack.append(result)
        }
      }
    }
    return stack.last ?? .undefined
  }
}

extension Expression.Operation {
  typealias Operand = Expression.Operand

  fileprivate func apply(_ operand: Operand) -> Operand {
    switch (self, operand) {
    case (.not, .truth(let truth)): .truth(!truth)
    case (.min, .number), (.max, .number): operand
    case (.negate, .number(let number)): .number(-number)
    case (.abs, .number(let number)): .number(Swift.abs(number))
    case (.log, .number(let number)) where number > 0: .number(Exponential.log(number))
    case (.log2, .number(let number)) where number > 0: .number(Self.log2(number))
    case (.sqrt, .number(let number)): Operand(finite: number.squareRoot())
    case (.floor, .number(let number)): .number(number.rounded(.down))
    case (.ceil, .number(let number)): .number(number.rounded(.up))
    default: .undefined
    }
  }

  fileprivate func apply(_ first: Operand, _ second: Operand) -> Operand {
    switch (self, first, second) {
    case (.and, .truth(false), _), (.and, _, .truth(false)): return .truth(false)
    case (.and, .truth(true), .truth(true)): return .truth(true)
    case (.or, .truth(true), _), (.or, _, .truth(true)): return .truth(true)
    case (.or, .truth(false), .truth(false)): return .truth(false)
    case (.equal, .undefined, _), (.equal, _, .undefined): return .undefined
    case (.unequal, .undefined, _), (.unequal, _, .undefined): return .undefined
    case (.equal, _, _): return .truth(first == second)
    case (.unequal, _, _): return .truth(first != second)
    case (_, .number(let first), .number(let second)): return apply(first, second)
    default: return .undefined
    }
  }

  private func apply(_ first: Double, _ second: Double) -> Operand {
    switch self {
    case .less: .truth(first < second)
    case .lessOrEqual: .truth(first <= second)
    case .greater: .truth(first > second)
    case .greaterOrEqual: .truth(first >= second)
    case .add: Operand(finite: first + second)
    case .subtract: Operand(finite: first - second)
    case .multiply: Operand(finite: first * second)
    case .divide: Operand(finite: first / second)
    case .remainder: Operand(finite: first - second * (first / second).rounded(.down))
    case .power: Operand(finite: Self.power(first, second))
    case .min: .number(Swift.min(first, second))
    case .max: .number(Swift.max(first, second))
    default: .undefined
    }
  }

  /// The logarithm to the base 2, exact for powers of 2.
  private static func log2(_ number: Double) -> Double {
    let power = Double(number.exponent)
    return number.significand == 1
      ? power : power + Exponential.log(number.significand) / Exponential.log(2)
  }

  /// A power without the C library: whole exponents by products, others by logarithms.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    if exponent == exponent.rounded(), Swift.abs(exponent) <= 1024 {
      var result = 1.0
      var square = base
      var rest = Int(Swift.abs(exponent))
      while rest > 0 {
        if rest % 2 == 1 { result *= square }
        square *= square
        rest /= 2
      }
      return exponent < 0 ? 1 / result : result
    }
    guard base > 0 else { return base == 0 && exponent > 0 ? 0 : .nan }
    let logarithm = exponent * Exponential.log(base)
    guard logarithm < 709 else { return .infinity }
    return logarithm < -740 ? 0 : Exponential.exp(logarithm)
  }
}
