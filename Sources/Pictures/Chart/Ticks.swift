import Glibc

/// Where an axis has marks, and what stands beside them.
struct Ticks: Equatable {
  struct Tick: Equatable {
    var value: Double
    var label: String
  }

  /// The marks with a label, in rising order.
  var labelled: [Tick]
  /// Marks without one, between them.
  var minor: [Double] = []

  /// Round numbers within a range: 1, 2 or 5 times a power of ten apart, about as many as asked for.
  ///
  /// One tick where both ends are the same; none between whole numbers where those make no sense.
  static func linear(_ low: Double, _ high: Double, count: Int, isWhole: Bool = false) -> Ticks {
    guard high - low > 1e-300 else {
      return Ticks(labelled: [Tick(value: low, label: NumberText.number(low))])
    }
    var (least, exponent) = step((high - low) / Double(max(count, 1)))
    var ticks = Ticks(labelled: [])
    // One mark alone tells no scale: then they are closer together.
    for _ in 0..<4 {
      guard !isWhole || least >= 1 else { return values(low, high, step: 1, places: 0) }
      ticks = values(low, high, step: least, places: max(0, -exponent))
      if ticks.labelled.count >= 2 { break }
      (least, exponent) = step(least / 2)
    }
    return ticks
  }

  /// Of 1, 2 and 5 times a power of ten the nearest to `rough`, by ratio, and that power.
  static func step(_ rough: Double) -> (step: Double, exponent: Int) {
    let exponent = Int(floor(log10(rough)))
    let power = pow(10, Double(exponent))
    // Between two of them the geometric mean decides.
    let ratio = rough / power
    if ratio < 1.414 { return (power, exponent) }
    if ratio < 3.162 { return (2 * power, exponent) }
    if ratio < 7.071 { return (5 * power, exponent) }
    return (pow(10, Double(exponent + 1)), exponent + 1)
  }

  private static func values(_ low: Double, _ high: Double, step: Double, places: Int) -> Ticks {
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 1000 else { return Ticks(labelled: []) }
    let isPlain = max(abs(low), abs(high)) < 1e7 && (step >= 1e-5)
    return Ticks(
      labelled: stride(from: first, through: last, by: 1).map { index in
        let value = index * step
        let label =
          isPlain ? NumberText.decimal(value, places: places) : NumberText.number(value, digits: 5)
        return Tick(value: value, label: label)
      })
  }

  /// Powers of ten within a range, or 1, 2 and 5 times them where there would be fewer than three.
  ///
  /// - Precondition: Both ends are above 0.
  static func logarithmic(_ low: Double, _ high: Double, count: Int) -> Ticks {
    precondition(low > 0 && high > 0, "\(low) to \(high) has no logarithm")
    guard high > low else {
      return Ticks(labelled: [Tick(value: low, label: NumberText.number(low))])
    }
    // The ends are computed from logarithms: a hair outside is inside.
    let (low, high) = (low * (1 - 1e-9), high * (1 + 1e-9))
    let first = Int(log10(low).rounded(.up))
    let last = Int(log10(high).rounded(.down))
    let decades = last - first + 1
    guard decades >= 2 else {
      let fine = within(low, high, factors: [1, 2, 5])
      if fine.count >= 2 { return plain(fine) }
      return linear(low, high, count: count)
    }
    if decades == 2, count >= 4 {
      let fine = within(low, high, factors: [1, 2, 5])
      if fine.count <= count + 2 { return plain(fine) }
    }
    let needed = Double(decades) / Double(max(count, 2))
    let every = [1, 2, 3, 5, 10, 20, 50, 100, 200].first { Double($0) >= needed } ?? 500
    // Always through 1, so that powers are those a person expects.
    let exponents = (first...last).filter { $0 % every == 0 }
    let isPlain = exponents.allSatisfy { (-3...4).contains($0) }
    let labelled = exponents.map {
      let value = pow(10, Double($0))
      return Tick(value: value, label: isPlain ? label(value) : NumberText.powerOfTen($0))
    }
    let factors: [Double] = decades <= 6 && every == 1 ? [2, 3, 4, 5, 6, 7, 8, 9] : []
    return Ticks(labelled: labelled, minor: within(low, high, factors: factors))
  }

  private static func within(_ low: Double, _ high: Double, factors: [Double]) -> [Double] {
    let exponents = Int(floor(log10(low)))...Int(floor(log10(high)))
    return exponents.flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
      .filter { $0 >= low && $0 <= high }
  }

  private static func plain(_ values: [Double]) -> Ticks {
    Ticks(labelled: values.map { Tick(value: $0, label: label($0)) })
  }

  /// 1, 2 or 5 times a power of ten with as many places as it has: `0.002`, `500`.
  private static func label(_ value: Double) -> String {
    let exponent = Int(floor(log10(value) + 1e-9))
    return (-6...6).contains(exponent)
      ? NumberText.decimal(value, places: max(0, -exponent)) : NumberText.number(value)
  }
}

extension Ticks {
  /// A span of time, with its unit in each label: `0`, `30 s`, `1 min`, `1 min 30`.
  static func seconds(_ low: Double, _ high: Double, count: Int) -> Ticks {
    let steps: [Double] = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
    ]
    let rough = (high - low) / Double(max(count, 1))
    if rough < 0.5 {
      var ticks = linear(low, high, count: count)
      for index in ticks.labelled.indices { ticks.labelled[index].label += " s" }
      return ticks
    }
    let step = steps.first { $0 >= rough } ?? 86400 * self.step(rough / 86400).step
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 1000 else { return Ticks(labelled: []) }
    return Ticks(
      labelled: stride(from: first, through: last, by: 1).map {
        Tick(value: $0 * step, label: span($0 * step))
      })
  }

  /// `45 s`, `2 min`, `2 min 30`, `3 h`, `3 h 30`, `2 d`, `2 d 12 h`.
  static func span(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return "?" }
    let whole = Int(abs(seconds).rounded())
    let sign = seconds < 0 && whole > 0 ? "-" : ""
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let text =
      if whole < 60 {
        "\(whole) s"
      } else if whole < 3600 {
        "\(whole / 60) min" + (whole % 60 == 0 ? "" : " \(two(whole % 60))")
      } else if whole < 86400 {
        "\(whole / 3600) h" + (whole % 3600 < 60 ? "" : " \(two(whole % 3600 / 60))")
      } else {
        "\(whole / 86400) d" + (whole % 86400 < 3600 ? "" : " \(whole % 86400 / 3600) h")
      }
    return sign + text
  }
}
