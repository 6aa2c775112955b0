import Pictures

/// Values as a person reads them.
enum Format {
  /// A number with about four digits that matter: `0.9867`, `12.3`, `3e-05`, `1200`.
  static func number(_ value: Double, digits: Int = 4) -> String {
    NumberText.number(value, digits: digits)
  }

  /// A number with so many places: `0.9867`.
  static func decimal(_ value: Double, places: Int) -> String {
    NumberText.decimal(value, places: places)
  }

  /// A time span: `0.4 s`, `38 s`, `4 min 05 s`, `2 h 07 min`.
  static func seconds(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 9.95 { return decimal(seconds, places: 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
    return "\(whole / 3600) h \(two(whole / 60 % 60)) min"
  }

  /// A size: `812 B`, `1.4 MB`.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 999.5 {
        return decimal(value, places: unit == "B" || value >= 99.95 ? 0 : 1) + " " + unit
      }
      value /= 1000
    }
    return decimal(value, places: 1) + " TB"
  }
}
