/// Text as a terminal shows it: in cells, of which a character takes none, one or two.
public enum TerminalText {
  /// How many cells a text takes.
  ///
  /// Wide characters of East Asia and emoji take two, marks that combine with another one none.
  public static func width(of text: some StringProtocol) -> Int {
    isPlain(text) ? text.utf8.count : text.reduce(0) { $0 + $1.cells }
  }

  /// A text in which nothing moves the cursor, begins a command of the terminal or turns the direction
  /// of reading: such characters are written as Swift does, as `\n` or `\u{1b}`.
  public static func readable(_ text: String) -> String {
    guard !isPlain(text), text.unicodeScalars.contains(where: \.isUnreadable) else { return text }
    var readable = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": readable += "\\n"
      case "\r": readable += "\\r"
      case "\t": readable += "\\t"
      case _ where scalar.isUnreadable:
        readable += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: readable.unicodeScalars.append(scalar)
      }
    }
    return readable
  }

  /// The text, or as much of its beginning as fits into so many cells with an ellipsis behind it.
  public static func cut(_ text: String, _ width: Int) -> String {
    self.width(of: text) <= width
      ? text : String(beginning(of: text, max(width - 1, 0))) + "…"
  }

  /// The text, or as much of its beginning and its end as fits into so many cells, with an ellipsis
  /// between.
  public static func cutEnds(_ text: String, _ width: Int) -> String {
    guard self.width(of: text) > width, width > 2 else { return cut(text, width) }
    return String(beginning(of: text, width / 2)) + "…" + end(of: text, width - width / 2 - 1)
  }

  /// The text with spaces before it, so that it takes so many cells; as it is if it takes more.
  public static func right(_ text: String, _ width: Int) -> String {
    space(text, width) + text
  }

  /// The text with spaces behind it, so that it takes so many cells; as it is if it takes more.
  public static func left(_ text: String, _ width: Int) -> String {
    text + space(text, width)
  }

  private static func space(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - self.width(of: text), 0))
  }

  private static func beginning(of text: String, _ width: Int) -> Substring {
    var taken = 0
    return text.prefix { character in
      taken += character.cells
      return taken <= width
    }
  }

  private static func end(of text: String, _ width: Int) -> Substring {
    var (taken, start) = (0, text.endIndex)
    while start > text.startIndex {
      let earlier = text.index(before: start)
      taken += text[earlier].cells
      guard taken <= width else { break }
      start = earlier
    }
    return text[start...]
  }

  /// Whether a text is of printable ASCII alone, as nearly all are: then it is as wide as it has bytes.
  private static func isPlain(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
  }
}

extension Character {
  /// How many cells of a terminal it takes.
  fileprivate var cells: Int {
    let sum = unicodeScalars.reduce(0) { $0 + $1.cells }
    guard unicodeScalars.count > 1, unicodeScalars.first?.properties.isEmoji == true else {
      return sum
    }
    // A sign that is told to be a picture (❤ and U+FE0F) is as wide as one, and several that are one
    // picture, such as a family or a flag, are no wider.
    return unicodeScalars.contains("\u{FE0F}") ? 2 : min(sum, 2)
  }
}

extension Unicode.Scalar {
  /// How many cells of a terminal it takes by itself.
  fileprivate var cells: Int {
    switch value {
    case 0x20..<0x7F: return 1
    case 0..<0xA0: return 0
    // What follows the first letter of a Hangul syllable is in its two cells.
    case 0xAD: return 1
    case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
    default: break
    }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return isWide ? 2 : 1
    }
  }

  /// Whether it is wide or of full width by Unicode's annex 11. The parts of blocks that are not
  /// assigned count as the rest of them.
  private var isWide: Bool {
    switch value {
    case 0..<0x1100: false
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF,
      0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
      0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FF, 0x1F200...0x1F265,
      0x20000...0x3FFFD:
      true
    default: properties.isEmojiPresentation
    }
  }

  /// Whether it does something to a terminal instead of being seen.
  fileprivate var isUnreadable: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    // Of the others that leave no ink some belong into words and emoji; these turn what follows.
    case .format: properties.isBidiControl
    default: false
    }
  }
}
