extension Double {
  /// Three digits that matter, for people: `0.0123`, `113000`, `1.13e11`, `2e-7`.
  package var short: String {
    guard isFinite, self != 0 else { return "\(self)" }
    // Swift writes the shortest digits that mean the number: they are rounded as they stand, since a power
    // of ten that does not fit a Double would leave digits behind.
    let parts = "\(magnitude)".split(separator: "e")
    let written = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = written.joined().map { Int(String($0)) ?? 0 }
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + written[0].count - 1
    while digits.count > 1 && digits[0] == 0 {
      digits.removeFirst()
      exponent -= 1
    }
    var leading = digits.prefix(3).reduce(0) { $0 * 10 + $1 }
    for _ in digits.count..<max(3, digits.count) { leading *= 10 }
    if digits.count > 3 && digits[3] >= 5 { leading += 1 }
    if leading == 1000 {
      leading = 100
      exponent += 1
    }
    return (self < 0 ? "-" : "") + Self.text(leading, exponent)
  }

  /// Three digits, the first of which stands for `10 ^ exponent`.
  private static func text(_ digits: Int, _ exponent: Int) -> String {
    let all = "\(digits)"
    let kept = all.hasSuffix("00") ? all.prefix(1) : all.hasSuffix("0") ? all.prefix(2) : all[...]
    switch exponent {
    case -3..<0: return "0." + String(repeating: "0", count: -exponent - 1) + kept
    case 0..<2 where kept.count > exponent + 1:
      return "\(kept.prefix(exponent + 1)).\(kept.dropFirst(exponent + 1))"
    case 0..<6:
      return all.prefix(exponent + 1) + String(repeating: "0", count: max(exponent - 2, 0))
    default: return kept.prefix(1) + (kept.count > 1 ? "." + kept.dropFirst() : "") + "e\(exponent)"
    }
  }
}
