/// Values as a person reads them.
enum Format {
  /// A number with about four digits that matter: `0.9867`, `12.3`, `3e-05`, `1200`.
  static func number(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
    if value == value.rounded() && abs(value) < 1e15 { return String(Int(value)) }
    let magnitude = abs(value)
    guard magnitude >= 1e-4 && magnitude < 1e7 else { return scientific(value, digits: digits - 1) }
    var whole = 0
    var rest = magnitude
    while rest >= 10 {
      rest /= 10
      whole += 1
    }
    return decimal(value, places: max(0, digits - (magnitude >= 1 ? whole + 1 : 0)))
  }

  /// A number with so many places: `0.9867`.
  static func decimal(_ value: Double, places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let digits = String(Int(scaled))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return sign + padded.dropLast(places) + "." + padded.suffix(places)
  }

  private static func scientific(_ value: Double, digits: Int) -> String {
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa > 0 && mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    var text = decimal(mantissa, places: max(0, digits - 1))
    if text.contains(".") {
      while text.last == "0" { text.removeLast() }
      if text.last == "." { text.removeLast() }
    }
    return (value < 0 ? "-" : "") + text + "e" + (exponent < 0 ? "-" : "")
      + (abs(exponent) < 10 ? "0" : "") + String(abs(exponent))
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
