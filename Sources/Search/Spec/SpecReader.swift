import Yams

/// Reads YAML, and JSON as the YAML that it is, into a tree; refuses what could tire the parser.
struct SpecReader {
  /// The longest text that is read, in bytes.
  static let byteLimit = 1 << 20
  /// How deep lists and mappings may be nested.
  static let depthLimit = 32
  /// How many scalars, lists and mappings a text may hold once its aliases are written out.
  static let nodeLimit = 100_000

  private let file: String
  private var nodes = 0

  /// The tree of a text.
  static func read(_ text: String, file: String) throws(SpecError) -> SpecNode {
    var reader = SpecReader(file: file)
    return try reader.read(text)
  }

  /// The tree of bytes that should be UTF-8.
  static func read(_ bytes: [UInt8], file: String) throws(SpecError) -> SpecNode {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SpecError(
        file: file, position: invalidPosition(in: bytes), path: "",
        message: "found a byte that is not UTF-8, allowed: YAML or JSON in UTF-8")
    }
    return try read(text, file: file)
  }

  private init(file: String) {
    self.file = file
  }

  private mutating func read(_ text: String) throws(SpecError) -> SpecNode {
    guard text.utf8.count <= Self.byteLimit else {
      throw error(.start, "found \(text.utf8.count) bytes, allowed: at most \(Self.byteLimit)")
    }
    guard Self.aliasesAreFew(in: text) else {
      throw error(
        .start, "found too many aliases (*name), allowed: what YAML without them could say")
    }
    let root: Node?
    do {
      // Without rules every plain scalar stays text: what it means is decided in SpecNode.
      root = try Parser(
        yaml: Self.adapted(text), resolver: .basic, encoding: .utf8
      ).singleRoot()
    } catch {
      throw located(error, in: text)
    }
    guard let root else {
      throw error(.start, "found nothing, allowed: a mapping with dataset, model, search …")
    }
    return try convert(root, depth: 0)
  }

  private func error(_ position: Position, _ message: String) -> SpecError {
    SpecError(file: file, position: position, path: "", message: message)
  }

  private mutating func convert(_ node: Node, depth: Int) throws(SpecError) -> SpecNode {
    let position = Self.position(node)
    nodes += 1
    guard nodes <= Self.nodeLimit else {
      throw error(position, "found more than \(Self.nodeLimit) values, allowed: fewer")
    }
    guard depth <= Self.depthLimit else {
      throw error(position, "nested too deep, allowed: \(Self.depthLimit) levels")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      try checkTag(scalar.tag, position)
      return SpecNode(
        content: .scalar(
          scalar.string, isQuoted: !isPlain || scalar.tag.rawValue == Tag.Name.str.rawValue),
        position: position)
    case .sequence(let sequence):
      try checkTag(sequence.tag, position)
      var elements: [SpecNode] = []
      for element in sequence { elements.append(try convert(element, depth: depth + 1)) }
      return SpecNode(content: .sequence(elements), position: position)
    case .mapping(let mapping):
      try checkTag(mapping.tag, position)
      return SpecNode(content: .mapping(try entries(mapping, depth: depth)), position: position)
    case .alias:
      throw error(position, "found an alias that stands for nothing")
    }
  }

  private mutating func entries(_ mapping: Node.Mapping, depth: Int) throws(SpecError)
    -> [SpecNode.Entry]
  {
    var entries: [SpecNode.Entry] = []
    var merged: [SpecNode.Entry] = []
    var lines: [String: Int] = [:]
    for (key, value) in mapping {
      let position = Self.position(key)
      guard case .scalar(let scalar) = key else {
        throw error(position, "found a list or mapping as a key, allowed: a name")
      }
      let name = scalar.string
      let node = try convert(value, depth: depth + 1)
      if name == "<<", scalar.style == .plain {
        // YAML's merge key: the keys of another mapping, where this one does not say otherwise.
        for source in node.elements ?? [node] {
          guard let inherited = source.entries else {
            throw error(position, "<<: found \(source.found), allowed: an alias of a mapping")
          }
          merged += inherited
        }
        continue
      }
      if let line = lines.updateValue(position.line, forKey: name) {
        throw error(
          position, "the key \"\(SpecNode.excerpt(name))\" stands in line \(line) already")
      }
      entries.append(SpecNode.Entry(key: name, position: position, node: node))
    }
    for entry in merged where lines.updateValue(entry.position.line, forKey: entry.key) == nil {
      entries.append(entry)
    }
    return entries
  }

  private func checkTag(_ tag: Tag, _ position: Position) throws(SpecError) {
    let allowed: [Tag.Name] = [.implicit, .nonSpecific, .str, .seq, .map]
    let name = tag.rawValue
    guard allowed.contains(Tag.Name(rawValue: name)) else {
      throw error(position, "found the tag \(SpecNode.excerpt(name)), allowed: values without tags")
    }
  }

  private static func position(_ node: Node) -> Position {
    node.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
  }

  /// One line of what Yams has to say.
  private func located(_ cause: any Error, in text: String) -> SpecError {
    guard let cause = cause as? YamlError else {
      return error(.start, "not YAML: \(SpecNode.excerpt("\(cause)", limit: 200))")
    }
    switch cause {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let position = Position(line: mark.line, column: mark.column)
      let around = context.map { " (\($0.text), which began in line \($0.mark.line))" } ?? ""
      // libyaml stumbles over a tab in more than one way, and names it only sometimes.
      if Self.isTab(at: position, in: text) {
        return error(position, "not YAML: found a tab, allowed: spaces to indent")
      }
      let reason = problem.contains("Maximum nesting") ? "nested too deep" : problem
      return error(position, "not YAML: \(reason)\(around)")
    case .duplicatedKeysInMapping(let names, let context):
      let first = names.first.map { SpecNode.excerpt($0) } ?? ""
      return error(
        Position(line: max(context.mark.line, 1), column: max(context.mark.column, 1)),
        "the key \"\(first)\" stands more than once in this mapping; this is the first")
    case .reader(let problem, let offset, _, _):
      return error(Self.position(atCharacter: offset ?? 0, in: text), "not YAML: \(problem)")
    default:
      return error(.start, "not YAML: \(SpecNode.excerpt("\(cause)", limit: 200))")
    }
  }

  private static func isTab(at position: Position, in text: String) -> Bool {
    let lines = text.split(
      separator: "\n", maxSplits: position.line, omittingEmptySubsequences: false)
    guard lines.indices.contains(position.line - 1) else { return false }
    return lines[position.line - 1].unicodeScalars.dropFirst(position.column - 1).first == "\t"
  }

  private static func position(atCharacter offset: Int, in text: String) -> Position {
    var position = Position.start
    for character in text.prefix(offset) {
      if character.isNewline {
        position = Position(line: position.line + 1, column: 1)
      } else {
        position.column += 1
      }
    }
    return position
  }

  private static func invalidPosition(in bytes: [UInt8]) -> Position {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var position = Position.start
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      if scalar == "\n" {
        position = Position(line: position.line + 1, column: 1)
      } else {
        position.column += 1
      }
    }
    return position
  }
}

// MARK: - Before the parser

extension SpecReader {
  /// Whether the aliases of a text could not make it grow beyond all bounds.
  ///
  /// Yams compares keys with their aliases written out, so that nine lines can keep it busy for
  /// years. With `a` anchors and `n` aliases a text grows at most (n / a + 1)^a-fold.
  private static func aliasesAreFew(in text: String) -> Bool {
    var anchors = 0
    var aliases = 0
    var previous = UInt8(ascii: " ")
    for byte in text.utf8 {
      // What stands in quotes and comments is counted too, which does no harm.
      let isName = byte > 0x20 && !"&*".utf8.contains(byte)
      if isName, previous == UInt8(ascii: "&") { anchors += 1 }
      if isName, previous == UInt8(ascii: "*") { aliases += 1 }
      previous = byte
    }
    guard anchors > 0, aliases > 0 else { return true }
    let levels = min(anchors, aliases)
    let factor = Double(aliases) / Double(levels) + 1
    var growth = Double(text.utf8.count)
    for _ in 0..<levels {
      growth *= factor
      if growth > 5e7 { return false }
    }
    return true
  }

  /// What JSON takes in a text and YAML does not, in the escapes that both know.
  ///
  /// JSON writes characters beyond the first 65,536 as two escapes (`\ud83d\ude00`), which YAML
  /// writes as one (`\U0001f600`); and JSON's texts hold characters as they are that YAML takes for
  /// the end of a line, or not at all.
  private static func adapted(_ text: String) -> String {
    guard text.first(where: { !$0.isWhitespace }) == "{" else { return text }
    let bytes = Array(text.utf8)
    guard bytes.contains(where: { $0 == UInt8(ascii: "\\") || $0 >= 0x7F }) else { return text }
    return escapingForYAML(joiningSurrogates(bytes))
  }

  private static func escapingForYAML(_ bytes: [UInt8]) -> String {
    var result = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func joiningSurrogates(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if let high = escape(bytes, index), (0xD800..<0xDC00).contains(high),
        let low = escape(bytes, index + 6), (0xDC00..<0xE000).contains(low)
      {
        let digits = String(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00), radix: 16)
        result += "\\U\(String(repeating: "0", count: 8 - digits.count))\(digits)".utf8
        index += 12
      } else {
        // A backslash takes the next byte with it: in `\\ud83d` the u is no escape.
        let count = bytes[index] == UInt8(ascii: "\\") && index + 1 < bytes.count ? 2 : 1
        result += bytes[index..<(index + count)]
        index += count
      }
    }
    return result
  }

  private static func escape(_ bytes: [UInt8], _ index: Int) -> UInt32? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    return UInt32(String(decoding: bytes[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
  }
}
