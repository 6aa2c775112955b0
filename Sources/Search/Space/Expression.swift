/// A small formula over named values, such as `hidden * layers <= 512`.
///
/// It has numbers, texts in quotes, `true`, `false` and `null`; `+ - * / % ^`, parentheses,
/// `< <= > >= == !=`, `and`, `or`, `not`; and the functions `min`, `max`, `abs`, `log`, `log2`,
/// `sqrt`, `floor` and `ceil`. What has no value (a number that is not set, the logarithm of −1)
/// makes all that is computed from it have none, but for `false and …` and `true or …`.
///
/// No result depends on the processor: an allowed point is allowed everywhere.
public struct Expression: Hashable, Sendable {
  /// What an expression or a part of it is.
  public enum Kind: Hashable, Sendable {
    /// A number.
    case number
    /// True or false.
    case truth
    /// Text.
    case text
    /// One of these, known only with the values.
    case unknown
  }

  /// What a name in a text stands for.
  public struct Name: Hashable, Sendable {
    /// What it is called in full.
    public let path: String
    /// What its values are.
    public let kind: Kind
    /// All the texts that it can be; nil if that is not known.
    public let texts: [String]?

    /// What a name stands for.
    public init(_ path: String, _ kind: Kind, texts: [String]? = nil) {
      self.path = path
      self.kind = kind
      self.texts = texts
    }
  }

  /// The names that it uses, in full, each once, in the order in which they first stand there.
  public let names: [String]
  /// What its value is.
  public let kind: Kind
  /// The steps of the computation, each of which takes its operands from the end of what the ones
  /// before it have left: no recursion that a hostile text could make deep.
  let steps: [Step]

  /// Reads an expression.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - resolve: What a name stands for; throws what is wrong with it.
  /// - Throws: What was found and what is allowed, and where.
  public init(
    _ text: String, resolve: (String) throws(UnknownName) -> Name
  ) throws(ExpressionError) {
    var parser = ExpressionParser(text)
    kind = try parser.parse(resolve)
    steps = parser.steps
    names = parser.names
  }

  /// The value, given those of the names.
  ///
  /// - Parameter lookup: The value of a name; nil or null if it has none.
  /// - Returns: A number, true or false, or a text; nil if it has no value.
  public func evaluate(_ lookup: (String) -> Value?) -> Value? {
    switch evaluate({ Operand(lookup(names[$0])) }) {
    case .number(let number): .number(number)
    case .truth(let truth): .boolean(truth)
    case .text(let text): .string(text)
    case .null, .undefined: nil
    }
  }

  /// Something that a name in an expression does not stand for.
  public struct UnknownName: Error, Hashable, Sendable {
    /// What was found and what is allowed.
    public let message: String

    /// What is wrong with a name.
    public init(_ message: String) {
      self.message = message
    }
  }
}

/// What is wrong with the text of an expression, and where.
public struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The place in the text, in Unicode scalars, counted from 1.
  public let column: Int
  /// What was found and what is allowed.
  public let message: String

  /// `column 10: found the end, allowed: a number, a name, a text in quotes or "("`.
  public var description: String { "column \(column): \(message)" }
}

// MARK: - Text

extension Expression: CustomStringConvertible {
  /// The expression with full names, one space around each sign, and no more parentheses than it
  /// needs: it reads as an equal expression.
  public var description: String {
    var parts: [(text: String, rank: Int)] = []
    for step in steps {
      switch step {
      case .constant(let operand): parts.append((operand.description, Operation.highestRank))
      case .name(let index): parts.append((names[index], Operation.highestRank))
      case .apply(let operation, let count):
        let operands = Array(parts.suffix(count))
        parts.removeLast(count)
        parts.append((operation.text(operands), operation.rank))
      }
    }
    return parts.last?.text ?? ""
  }
}

extension Expression.Operation {
  fileprivate static let highestRank = 9

  /// How tightly it holds its operands together.
  fileprivate var rank: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .not: 3
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal: 4
    case .add, .subtract: 5
    case .multiply, .divide, .remainder: 6
    case .negate: 7
    case .power: 8
    case .min, .max, .abs, .log, .log2, .sqrt, .floor, .ceil: Self.highestRank
    }
  }

  fileprivate func text(_ operands: [(text: String, rank: Int)]) -> String {
    func operand(_ index: Int, from lowest: Int) -> String {
      operands[index].rank < lowest ? "(\(operands[index].text))" : operands[index].text
    }
    switch self {
    case .not: return "not " + operand(0, from: rank)
    case .negate: return "-" + operand(0, from: rank)
    case .power: return operand(0, from: rank + 1) + " ^ " + operand(1, from: rank - 1)
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .unequal:
      return operand(0, from: rank + 1) + " \(rawValue) " + operand(1, from: rank + 1)
    case .or, .and, .add, .subtract, .multiply, .divide, .remainder:
      return operand(0, from: rank) + " \(rawValue) " + operand(1, from: rank + 1)
    case .min, .max, .abs, .log, .log2, .sqrt, .floor, .ceil:
      return rawValue + "(" + operands.map(\.text).joined(separator: ", ") + ")"
    }
  }
}
