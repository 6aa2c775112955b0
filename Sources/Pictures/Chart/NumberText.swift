import Glibc

/// Numbers as a person reads them.
public enum NumberText {
  /// A number with about so many digits that matter: `0.9867`, `12.3`, `3e-05`, `1200`.
  public static func number(_ value: Double, digits: Int = 4) -> String {
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
  public static func decimal(_ value: Double, places: Int) -> String {
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
    // Twice, because ten to the power of a denormal's exponent is infinite.
    var exponent = Int(floor(log10(abs(value))))
    var mantissa =
      abs(value) / pow(10, Double(exponent / 2)) / pow(10, Double(exponent - exponent / 2))
    if (mantissa * pow(10, Double(max(0, digits - 1)))).rounded() >= pow(10, Double(max(1, digits)))
    {
      mantissa /= 10
      exponent += 1
    }
    let text = withoutZeros(decimal(mantissa, places: max(0, digits - 1)))
    return (value < 0 ? "-" : "") + text + "e" + (exponent < 0 ? "-" : "")
      + (abs(exponent) < 10 ? "0" : "") + String(abs(exponent))
  }

  /// `0.250` → `0.25`, `2.0` → `2`.
  static func withoutZeros(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// Whole numbers with a space between thousands from 10,000 on: `12 345`.
  static func count(_ value: Int) -> String {
    let digits = String(value)
    guard digits.count > 4, value > 0 else { return digits }
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202F}" }
      text.append(digit)
    }
    return text
  }

  /// A power of ten: `10⁻³`.
  static func powerOfTen(_ exponent: Int) -> String {
    if exponent == 0 { return "1" }
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    let text = String(abs(exponent)).map { digits[$0.wholeNumberValue ?? 0] }
    return "10" + (exponent < 0 ? "⁻" : "") + String(text)
  }
}
