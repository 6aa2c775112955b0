/// A YAML or JSON text as a tree that remembers where everything stands.
struct SpecNode: Sendable {
  enum Content: Sendable {
    /// The text of a scalar, and whether it stands in quotes.
    case scalar(String, isQuoted: Bool)
    case sequence([SpecNode])
    case mapping([Entry])
  }

  /// A key and what stands under it.
  struct Entry: Sendable {
    let key: String
    let position: Position
    let node: SpecNode
  }

  let content: Content
  let position: Position

  /// The keys and what stands under them, if this is a mapping.
  var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// The nodes in order, if this is a sequence.
  var elements: [SpecNode]? {
    if case .sequence(let elements) = content { elements } else { nil }
  }

  /// Whether nothing stands here: an empty value, `null` or `~`.
  var isNull: Bool { value == .null }

  /// What the text says by itself, before a field says what it takes.
  ///
  /// YAML 1.1's surprises are kept out: `017` and `1:30` are text and not 15 and 90, and infinite
  /// numbers are text. `1e-4` without a point is a number, and `yes`, `no`, `on`, `off` are true and
  /// false, as in YAML 1.1; a field of names takes these words as names.
  var value: Value {
    switch content {
    case .scalar(let text, isQuoted: true): .string(text)
    case .scalar(let text, isQuoted: false): Self.plain(text)
    case .sequence(let elements): .list(elements.map(\.value))
    case .mapping(let entries):
      .map(Dictionary(entries.map { ($0.key, $0.node.value) }) { first, _ in first })
    }
  }

  /// What was found, for an error message: never more than one line, never long.
  var found: String {
    switch content {
    case .scalar(_, isQuoted: false) where isNull: "nothing"
    case .scalar(let text, isQuoted: false): Self.excerpt(text)
    case .scalar(let text, isQuoted: true): "the text \"\(Self.excerpt(text))\""
    case .sequence(let elements) where elements.isEmpty: "an empty list"
    case .sequence: "a list"
    case .mapping(let entries) where entries.isEmpty: "an empty mapping"
    case .mapping: "a mapping"
    }
  }

  /// A text cut to one short line without control characters.
  static func excerpt(_ text: String, limit: Int = 60) -> String {
    var shown = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      guard index < limit else { return shown + "…" }
      let isPrintable = scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
      shown.unicodeScalars.append(isPrintable ? scalar : " ")
    }
    return shown
  }

  private static func plain(_ text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": .boolean(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": .boolean(false)
    default: number(text) ?? .string(text)
    }
  }

  private static func number(_ text: String) -> Value? {
    guard let first = text.utf8.first, text.utf8.count <= 400,
      "+-.0123456789".utf8.contains(first)
    else { return nil }
    var digits = Substring(text)
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits.removeFirst() }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      let body = digits.dropFirst(2)
      guard body.first?.isHexDigit == true else { return nil }
      return Int((isNegative ? "-" : "") + body, radix: radix).map(Value.integer)
    }
    guard hasNumberShape(digits) else { return nil }
    let plain = (isNegative ? "-" : "") + digits.filter { $0 != "_" }
    if let whole = Int(plain) { return .integer(whole) }
    return Double(plain).flatMap { $0.isFinite ? .number($0) : nil }
  }

  /// `12`, `1_000`, `1.5`, `.5`, `2.`, `1e-4`, but not `017`, `_1`, `1__0` or `0x1p3`.
  private static func hasNumberShape(_ text: Substring) -> Bool {
    var rest = text.utf8[...]
    func takeDigits() -> Int {
      let run = rest.prefix { (0x30...0x39).contains($0) }
      rest = rest.dropFirst(run.count)
      return run.count
    }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    var whole = takeDigits()
    while whole > 0, rest.first == UInt8(ascii: "_") {
      rest = rest.dropFirst()
      let group = takeDigits()
      guard group > 0 else { return false }
      whole += group
    }
    guard !(startsWithZero && whole > 1) else { return false }
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = takeDigits()
    }
    guard whole + fraction > 0 else { return false }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
        rest = rest.dropFirst()
      }
      guard takeDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
