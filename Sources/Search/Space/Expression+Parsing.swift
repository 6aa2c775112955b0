/// Reads an expression by recursive descent, one method for each rank of signs, writing the steps of
/// the computation as it goes.
struct ExpressionParser {
  /// How long a text may be, in bytes.
  static let lengthLimit = 1000
  /// How deep parentheses, functions and signs before an operand may be nested.
  static let depthLimit = 32

  typealias Kind = Expression.Kind
  typealias Operation = Expression.Operation
  typealias Resolve = (String) throws(Expression.UnknownName) -> Expression.Name

  /// What was read: an operand of what stands around it.
  private struct Part {
    let kind: Kind
    let column: Int
    /// The text, if it is one in quotes.
    var literal: String?
    /// The name, if it is one.
    var name: Expression.Name?
  }

  private(set) var steps: [Expression.Step] = []
  private(set) var names: [String] = []
  private let scalars: [Unicode.Scalar]
  private let byteCount: Int
  private var offset = 0
  private var depth = 0

  init(_ text: String) {
    byteCount = text.utf8.count
    scalars = byteCount <= Self.lengthLimit ? Array(text.unicodeScalars) : []
  }

  mutating func parse(_ resolve: Resolve) throws(ExpressionError) -> Kind {
    guard byteCount <= Self.lengthLimit else {
      throw ExpressionError(
        column: 1, message: "found \(byteCount) bytes, allowed: at most \(Self.lengthLimit)")
    }
    let part = try disjunction(resolve)
    guard isAtEnd else { throw unexpected(allowed: "an operator or the end") }
    return part.kind
  }

  // MARK: - Signs, from the loosest to the tightest

  private mutating func disjunction(_ resolve: Resolve) throws(ExpressionError) -> Part {
    var first = try conjunction(resolve)
    while accept(word: "or") {
      first = try combine(.or, first, try conjunction(resolve), as: .truth, of: .truth)
    }
    return first
  }

  private mutating func conjunction(_ resolve: Resolve) throws(ExpressionError) -> Part {
    var first = try negation(resolve)
    while accept(word: "and") {
      first = try combine(.and, first, try negation(resolve), as: .truth, of: .truth)
    }
    return first
  }

  private mutating func negation(_ resolve: Resolve) throws(ExpressionError) -> Part {
    let column = nextColumn
    guard accept(word: "not") else { return try comparison(resolve) }
    try enter(at: column)
    let operand = try negation(resolve)
    depth -= 1
    try expect(.truth, operand, beside: "not")
    steps.append(.apply(.not, count: 1))
    return Part(kind: .truth, column: column)
  }

  private mutating func comparison(_ resolve: Resolve) throws(ExpressionError) -> Part {
    let first = try sum(resolve)
    guard let sign = acceptSign(of: ["<=", ">=", "==", "!=", "<", ">"]) else { return first }
    let second = try sum(resolve)
    let column = nextColumn
    if let another = acceptSign(of: ["<=", ">=", "==", "!=", "<", ">"]) {
      throw ExpressionError(
        column: column,
        message: "found a second comparison, \"\(another.rawValue)\", allowed: two joined by and")
    }
    guard sign == .equal || sign == .unequal else {
      return try combine(sign, first, second, as: .truth, of: .number)
    }
    try expectSameKind(first, second, beside: sign)
    steps.append(.apply(sign, count: 2))
    return Part(kind: .truth, column: first.column)
  }

  private mutating func sum(_ resolve: Resolve) throws(ExpressionError) -> Part {
    var first = try product(resolve)
    while let sign = acceptSign(of: ["+", "-"]) {
      first = try combine(sign, first, try product(resolve), as: .number, of: .number)
    }
    return first
  }

  private mutating func product(_ resolve: Resolve) throws(ExpressionError) -> Part {
    var first = try signed(resolve)
    while let sign = acceptSign(of: ["*", "/", "%"]) {
      first = try combine(sign, first, try signed(resolve), as: .number, of: .number)
    }
    return first
  }

  private mutating func signed(_ resolve: Resolve) throws(ExpressionError) -> Part {
    let column = nextColumn
    guard acceptSign(of: ["-"]) != nil else { return try power(resolve) }
    try enter(at: column)
    let operand = try signed(resolve)
    depth -= 1
    try expect(.number, operand, beside: "-")
    steps.append(.apply(.negate, count: 1))
    return Part(kind: .number, column: column)
  }

  private mutating func power(_ resolve: Resolve) throws(ExpressionError) -> Part {
    let base = try operand(resolve)
    let column = nextColumn
    guard acceptSign(of: ["^"]) != nil else { return base }
    try enter(at: column)
    let exponent = try signed(resolve)
    depth -= 1
    return try combine(.power, base, exponent, as: .number, of: .number)
  }

  // MARK: - Operands

  private static let operands = "a number, a name, a text in quotes or \"(\""

  private mutating func operand(_ resolve: Resolve) throws(ExpressionError) -> Part {
    let column = nextColumn
    guard let next = peek else { throw unexpected(allowed: Self.operands) }
    switch next {
    case "(":
      offset += 1
      try enter(at: column)
      let inner = try disjunction(resolve)
      depth -= 1
      guard accept(")") else { throw unexpected(allowed: "an operator or \")\"") }
      return Part(kind: inner.kind, column: column)
    case "0"..."9", ".": return try number(column)
    case "\"", "'": return try text(column, quote: next)
    case "a"..."z", "A"..."Z", "_": return try word(column, resolve)
    default: throw unexpected(allowed: Self.operands)
    }
  }

  private mutating func number(_ column: Int) throws(ExpressionError) -> Part {
    let start = offset
    skipDigits()
    if at(offset) == "." {
      offset += 1
      skipDigits()
    }
    if at(offset) == "e" || at(offset) == "E" {
      offset += 1
      if at(offset) == "+" || at(offset) == "-" { offset += 1 }
      skipDigits()
    }
    while let next = at(offset), Self.continuesWord(next) || next == "." { offset += 1 }
    let text = String(String.UnicodeScalarView(scalars[start..<offset]))
    let digits = text.hasPrefix(".") ? "0" + text : text
    guard text != ".", let number = Double(digits), number.isFinite,
      !text.contains(where: { "xXpP".contains($0) })
    else {
      throw ExpressionError(
        column: column, message: "found \(SpecNode.excerpt(text)), allowed: a number such as 1e-3")
    }
    steps.append(.constant(.number(number)))
    return Part(kind: .number, column: column)
  }

  private mutating func text(_ column: Int, quote: Unicode.Scalar) throws(ExpressionError) -> Part {
    guard let end = scalars[(offset + 1)...].firstIndex(of: quote) else {
      throw ExpressionError(
        column: column, message: "found a text without an end, allowed: \(quote)")
    }
    let text = String(String.UnicodeScalarView(scalars[(offset + 1)..<end]))
    offset = end + 1
    steps.append(.constant(.text(text)))
    return Part(kind: .text, column: column, literal: text)
  }

  private mutating func word(_ column: Int, _ resolve: Resolve) throws(ExpressionError) -> Part {
    let word = takeWord()
    if peek == "(" { return try call(word, column, resolve) }
    switch word {
    case "true", "false":
      steps.append(.constant(.truth(word == "true")))
      return Part(kind: .truth, column: column)
    case "null":
      steps.append(.constant(.null))
      return Part(kind: .unknown, column: column)
    case "and", "or", "not":
      throw ExpressionError(column: column, message: "found \(word), allowed: \(Self.operands)")
    default: break
    }
    let name: Expression.Name
    do { name = try resolve(word) } catch {
      throw ExpressionError(column: column, message: error.message)
    }
    let index = names.firstIndex(of: name.path) ?? names.count
    if index == names.count { names.append(name.path) }
    steps.append(.name(index))
    return Part(kind: name.kind, column: column, name: name)
  }

  private mutating func call(_ word: String, _ column: Int, _ resolve: Resolve)
    throws(ExpressionError) -> Part
  {
    let functions = Operation.functions.map(\.rawValue)
    guard functions.contains(word), let function = Operation(rawValue: word) else {
      let meant = Spelling.nearest(to: word, among: functions)
      throw ExpressionError(
        column: column,
        message: "found the unknown function \(SpecNode.excerpt(word)), allowed: "
          + functions.joined(separator: ", ") + (meant.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
    try enter(at: column)
    _ = accept("(")
    var count = 0
    repeat {
      try expect(.number, try disjunction(resolve), beside: word)
      count += 1
    } while accept(",")
    let closing = nextColumn
    guard accept(")") else { throw unexpected(allowed: "an operator, \",\" or \")\"") }
    depth -= 1
    guard count == 1 || function == .min || function == .max else {
      throw ExpressionError(
        column: closing, message: "found \(count) values for \(word), allowed: one")
    }
    steps.append(.apply(function, count: count))
    return Part(kind: .number, column: column)
  }

  // MARK: - Kinds

  private mutating func combine(
    _ operation: Operation, _ first: Part, _ second: Part, as result: Kind, of kind: Kind
  ) throws(ExpressionError) -> Part {
    try expect(kind, first, beside: operation.rawValue)
    try expect(kind, second, beside: operation.rawValue)
    steps.append(.apply(operation, count: 2))
    return Part(kind: result, column: first.column)
  }

  private func expect(_ kind: Kind, _ part: Part, beside sign: String) throws(ExpressionError) {
    guard part.kind != kind, part.kind != .unknown else { return }
    throw ExpressionError(
      column: part.column,
      message: "found \(part.kind.noun) for \(sign), allowed: \(kind.noun)")
  }

  private func expectSameKind(_ first: Part, _ second: Part, beside sign: Operation)
    throws(ExpressionError)
  {
    guard first.kind == second.kind || first.kind == .unknown || second.kind == .unknown else {
      throw ExpressionError(
        column: second.column,
        message: "found \(second.kind.noun) after \(sign.rawValue), allowed: \(first.kind.noun)"
          + ", as before it")
    }
    for (literal, name) in [(first, second.name), (second, first.name)] {
      guard let text = literal.literal, let name, let texts = name.texts, !texts.contains(text)
      else { continue }
      let meant = Spelling.nearest(to: text, among: texts)
      throw ExpressionError(
        column: literal.column,
        message: "found \"\(SpecNode.excerpt(text))\", which \(name.path) never is, allowed: "
          + texts.joined(separator: ", ") + (meant.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
  }

  // MARK: - Scalars

  private var isAtEnd: Bool { peekOffset == scalars.count }

  /// The place behind spaces.
  private var peekOffset: Int {
    scalars[offset...].firstIndex { $0 != " " } ?? scalars.count
  }

  /// The next scalar behind spaces; they are passed over only together with it.
  private var peek: Unicode.Scalar? {
    mutating get {
      offset = peekOffset
      return at(offset)
    }
  }

  private var nextColumn: Int { peekOffset + 1 }

  private func at(_ offset: Int) -> Unicode.Scalar? {
    offset < scalars.count ? scalars[offset] : nil
  }

  private mutating func enter(at column: Int) throws(ExpressionError) {
    depth += 1
    guard depth <= Self.depthLimit else {
      throw ExpressionError(
        column: column, message: "nested too deep, allowed: \(Self.depthLimit) levels")
    }
  }

  private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    offset += 1
    return true
  }

  private mutating func accept(word: String) -> Bool {
    _ = peek
    let end = offset + word.unicodeScalars.count
    guard end <= scalars.count, scalars[offset..<end].elementsEqual(word.unicodeScalars),
      !(at(end).map(Self.continuesWord) ?? false), at(end) != "."
    else { return false }
    offset = end
    return true
  }

  /// Takes one of some signs; a longer one stands before those that it begins with.
  private mutating func acceptSign(of signs: [String]) -> Operation? {
    _ = peek
    for sign in signs where scalars[offset...].starts(with: sign.unicodeScalars) {
      // `**` and `=<` are told as what they are, and not as a sign and a missing operand.
      guard spelledOtherwise == nil else { return nil }
      offset += sign.unicodeScalars.count
      return Operation(rawValue: sign)
    }
    return nil
  }

  private mutating func takeWord() -> String {
    let start = offset
    while let next = at(offset), Self.continuesWord(next) || next == "." { offset += 1 }
    return String(String.UnicodeScalarView(scalars[start..<offset]))
  }

  private mutating func skipDigits() {
    while let next = at(offset), ("0"..."9").contains(next) { offset += 1 }
  }

  private static func continuesWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }

  /// Signs of other languages, and what they are called here.
  private static let otherSpellings = [
    ("**", "^"), ("&&", "and"), ("||", "or"), ("<>", "!="), ("=<", "<="), ("=>", ">="),
    ("===", "=="),
    ("&", "and"), ("|", "or"), ("≤", "<="), ("≥", ">="), ("≠", "!="), ("×", "*"), ("÷", "/"),
  ]

  private var spelledOtherwise: (found: String, meant: String)? {
    let rest = scalars[peekOffset...]
    let other = Self.otherSpellings.first { rest.starts(with: $0.0.unicodeScalars) }
    if let other { return other }
    if rest.first == "!", rest.dropFirst().first != "=" { return ("!", "not") }
    return rest.first == "=" && rest.dropFirst().first != "=" ? ("=", "==") : nil
  }

  private func unexpected(allowed: String) -> ExpressionError {
    let start = peekOffset
    if let (found, meant) = spelledOtherwise {
      return ExpressionError(
        column: start + 1,
        message: "found \"\(found)\", allowed: \(allowed); did you mean \"\(meant)\"?")
    }
    guard let scalar = at(start) else {
      return ExpressionError(column: start + 1, message: "found the end, allowed: \(allowed)")
    }
    var found = String(Character(scalar))
    if Self.continuesWord(scalar) {
      let word = scalars[start...].prefix { Self.continuesWord($0) || $0 == "." }
      found = String(String.UnicodeScalarView(word))
    }
    return ExpressionError(
      column: start + 1, message: "found \"\(SpecNode.excerpt(found))\", allowed: \(allowed)")
  }
}

extension Expression.Kind {
  /// For an error message.
  var noun: String {
    switch self {
    case .number: "a number"
    case .truth: "true or false"
    case .text: "a text"
    case .unknown: "any value"
    }
  }
}
