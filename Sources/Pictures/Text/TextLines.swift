/// Text in lines of a terminal.
enum TextLines {
  /// A text in lines that fit, broken between words; a longer word ends with an ellipsis.
  static func wrapped(_ text: String, _ width: Int) -> [String] {
    filled(TerminalText.readable(text).split(separator: " ").map(String.init), width, gap: " ")
  }

  /// Entries of a legend, as many in a line as fit.
  static func packed(_ entries: [String], _ width: Int) -> [String] {
    filled(entries.map(TerminalText.readable), width, gap: "   ")
  }

  private static func filled(_ parts: [String], _ width: Int, gap: String) -> [String] {
    var lines: [String] = []
    for part in parts {
      if let last = lines.last, TerminalText.width(of: last + gap + part) <= width {
        lines[lines.count - 1] = last + gap + part
      } else {
        lines.append(TerminalText.cut(part, width))
      }
    }
    return lines
  }

  /// What stands above: the title and what there is more to say.
  static func heads(_ title: String, _ subtitle: String, _ width: Int) -> [String] {
    wrapped(title, width) + wrapped(subtitle, width)
  }
}
