/// Text in lines of a terminal.
enum TextLines {
  /// A text in lines that fit, broken between words; a longer word ends with an ellipsis.
  static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(cut(String(word), width))
      }
    }
    return lines
  }

  /// Entries of a legend, as many in a line as fit.
  static func packed(_ entries: [String], _ width: Int) -> [String] {
    var lines: [String] = []
    for entry in entries {
      if let last = lines.last, last.count + 3 + entry.count <= width {
        lines[lines.count - 1] = last + "   " + entry
      } else {
        lines.append(cut(entry, width))
      }
    }
    return lines
  }

  /// The text, or as much of its beginning as fits with an ellipsis behind it.
  static func cut(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : text.prefix(max(width - 1, 0)) + "…"
  }

  /// The text, or as much of its beginning and its end as fits, with an ellipsis between.
  static func cutEnds(_ text: String, _ width: Int) -> String {
    guard text.count > width, width > 2 else { return cut(text, width) }
    return text.prefix(width / 2) + "…" + text.suffix(width - width / 2 - 1)
  }

  /// What stands above: the title and what there is more to say.
  static func heads(_ title: String, _ subtitle: String, _ width: Int) -> [String] {
    wrapped(title, width) + wrapped(subtitle, width)
  }
}
