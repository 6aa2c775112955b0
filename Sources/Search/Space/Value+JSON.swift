extension Value {
  /// Canonical JSON text: no spaces, keys sorted, numbers that read back as the same value.
  ///
  /// A whole `.number` has a `.0`, also where an exponent would be shorter: jsonb writes exponents
  /// out, and `1e16` would come back as an integer. JSON knows no infinity and no NaN; they are
  /// written as null, and no value that was read from a file is either.
  public var json: String {
    var text = ""
    write(to: &text, indentation: nil)
    return text
  }

  /// JSON text on many lines, for people: keys sorted, two spaces a level.
  public var prettyJSON: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text
  }

  private func write(to text: inout String, indentation: Int?) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += Self.json(value)
    case .string(let value): Self.write(value, to: &text)
    case .list(let values):
      // A list of plain values stays on its line.
      let isFlat = values.allSatisfy { $0.list == nil && $0.map == nil }
      let inner = isFlat ? nil : indentation.map { $0 + 1 }
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += isFlat && indentation != nil ? ", " : "," }
        Self.breakLine(&text, inner)
        value.write(to: &text, indentation: inner)
      }
      if !values.isEmpty, inner != nil { Self.breakLine(&text, indentation) }
      text += "]"
    case .map(let values):
      let inner = indentation.map { $0 + 1 }
      text += "{"
      for (index, entry) in values.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { text += "," }
        Self.breakLine(&text, inner)
        Self.write(entry.key, to: &text)
        text += indentation == nil ? ":" : ": "
        entry.value.write(to: &text, indentation: inner)
      }
      if !values.isEmpty { Self.breakLine(&text, indentation) }
      text += "}"
    }
  }

  private static func breakLine(_ text: inout String, _ indentation: Int?) {
    guard let indentation else { return }
    text += "\n" + String(repeating: "  ", count: indentation)
  }

  private static func json(_ number: Double) -> String {
    guard number.isFinite else { return "null" }
    if number.magnitude < 0x1p63, number == number.rounded(.towardZero) {
      return (number.sign == .minus && number == 0 ? "-" : "") + "\(Int(number)).0"
    }
    return "\(number)"
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// A text that is not JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let message: String
  /// Where, in bytes from the start.
  public let offset: Int

  /// One line.
  public var description: String { "not JSON: \(message) at byte \(offset)" }
}

extension Value {
  /// Reads JSON text. Numbers without a fraction and exponent are integers where they fit.
  public init(json: String) throws(JSONError) {
    var reader = JSONReader(bytes: Array(json.utf8))
    self = try reader.document()
  }
}

/// A strict reader of RFC 8259, nested at most 128 deep.
private struct JSONReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONError) -> Value {
    let value = try value(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw error("more text after the value") }
    return value
  }

  private func error(_ message: String) -> JSONError {
    JSONError(message: message, offset: offset)
  }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
    guard accept(character) else { throw error("\"\(character)\" expected") }
  }

  private mutating func value(depth: Int) throws(JSONError) -> Value {
    guard depth < 128 else { throw error("nested more than 128 deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try map(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: Value) throws(JSONError) -> Value {
    guard bytes[offset...].starts(with: word.utf8) else { throw error("\(word) expected") }
    offset += word.utf8.count
    return value
  }

  private mutating func list(depth: Int) throws(JSONError) -> Value {
    var values: [Value] = []
    try expect("[")
    skipSpace()
    if accept("]") { return .list([]) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipSpace()
    } while accept(",")
    try expect("]")
    return .list(values)
  }

  private mutating func map(depth: Int) throws(JSONError) -> Value {
    var values: [String: Value] = [:]
    try expect("{")
    skipSpace()
    if accept("}") { return .map([:]) }
    repeat {
      skipSpace()
      let key = try string()
      skipSpace()
      try expect(":")
      let value = try value(depth: depth + 1)
      guard values.updateValue(value, forKey: key) == nil else {
        throw error("the key \"\(key)\" stands twice")
      }
      skipSpace()
    } while accept(",")
    try expect("}")
    return .map(values)
  }

  private mutating func number() throws(JSONError) -> Value {
    let start = offset
    _ = accept("-")
    let whole = digits()
    guard whole > 0 else {
      offset = start
      throw error("a value expected")
    }
    guard whole == 1 || bytes[offset - whole] != UInt8(ascii: "0") else {
      throw error("a number starts with 0")
    }
    var isInteger = true
    if accept(".") {
      isInteger = false
      guard digits() > 0 else { throw error("a digit expected") }
    }
    if accept("e") || accept("E") {
      isInteger = false
      if !accept("+") { _ = accept("-") }
      guard digits() > 0 else { throw error("a digit expected") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw error("the number is too large")
    }
    return .number(value)
  }

  private mutating func digits() -> Int {
    let start = offset
    while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func string() throws(JSONError) -> String {
    try expect("\"")
    var content: [UInt8] = []
    while let byte = next {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): content += try escape()
      case 0..<0x20: throw error("a control character in a text")
      default: content.append(byte)
      }
    }
    throw error("the text has no end")
  }

  private mutating func escape() throws(JSONError) -> String.UTF8View {
    guard let byte = next else { throw error("the text has no end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""): return "\"".utf8
    case UInt8(ascii: "\\"): return "\\".utf8
    case UInt8(ascii: "/"): return "/".utf8
    case UInt8(ascii: "b"): return "\u{8}".utf8
    case UInt8(ascii: "f"): return "\u{C}".utf8
    case UInt8(ascii: "n"): return "\n".utf8
    case UInt8(ascii: "r"): return "\r".utf8
    case UInt8(ascii: "t"): return "\t".utf8
    case UInt8(ascii: "u"): return String(try escapedScalar()).utf8
    default: throw error("an unknown escape")
    }
  }

  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code) {
      guard accept("\\"), accept("u") else { throw error("half of a surrogate pair") }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw error("four hexadecimal digits expected") }
    var code: UInt32 = 0
    for byte in bytes[offset..<(offset + 4)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("four hexadecimal digits expected")
      }
      code = code << 4 | UInt32(digit)
    }
    offset += 4
    return code
  }
}
