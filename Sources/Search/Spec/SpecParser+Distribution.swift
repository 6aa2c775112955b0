extension SpecParser {
  /// Reads `{int: [16, 64]}` for a field; reports what is wrong.
  mutating func distribution(
    _ entries: [SpecNode.Entry], at position: Position, of field: Field
  ) -> Distribution? {
    let path = field.path
    let allowed = field.kind.distributions
    let modifiers = entries.filter { Distribution.modifiers.contains($0.key) }
    let others = entries.filter { !Distribution.modifiers.contains($0.key) }
    guard let entry = others.first, others.count == 1 else {
      unclearDistribution(others, isEmpty: entries.isEmpty, at: position, of: field)
      return nil
    }
    guard allowed.contains(entry.key) else {
      let key = SpecNode.excerpt(entry.key)
      let isKnown = Distribution.keywords.contains(entry.key)
      let meant =
        isKnown
        ? field.kind.counterpart(of: entry.key)
        : Spelling.nearest(to: entry.key, among: allowed)
      report(
        entry.position, path,
        "found \(isKnown ? key : "the unknown distribution \(key)")"
          + ", allowed: \(allowed.joined(separator: ", "))"
          + (meant.map { "; did you mean \"\($0)\"?" } ?? ""))
      return nil
    }
    whenEntries[path] = modifiers.first { $0.key == "when" }
    var step: Double?
    if let by = modifiers.first(where: { $0.key == "by" }) {
      guard Distribution.quantizable.contains(entry.key) else {
        let beside = Distribution.quantizable.filter(allowed.contains)
        report(
          by.position, path,
          "by: found beside \(entry.key), allowed: "
            + (beside.isEmpty
              ? "nothing; did you mean \"step\"?" : "beside \(beside.joined(separator: ", "))"))
        return nil
      }
      step = value(by.node, as: .number(.above(0)), path: path)?.number
      if step == nil { return nil }
    }
    if entry.key == "choice" || entry.key == "ordinal" {
      return values(entry, of: field).map { entry.key == "choice" ? .choice($0) : .ordinal($0) }
    }
    let isNormal = entry.key == "normal" || entry.key == "log_normal"
    let count = entry.key == "step" ? 3 : 2
    guard let nodes = entry.node.elements, nodes.count == count else {
      let form = count == 3 ? "[low, high, step]" : isNormal ? "[mean, deviation]" : "[low, high]"
      let found = entry.node.elements.map { "\($0.count) values" } ?? entry.node.found
      report(entry.node.position, path, "\(entry.key): found \(found), allowed: \(form)")
      return nil
    }
    let reader = RangeReader(
      keyword: entry.key, field: field, position: entry.node.position, by: step)
    if isNormal { return reader.normal(nodes, &self) }
    if case .either(.integer, _) = field.kind { return reader.integers(nodes, &self) }
    if case .integer = field.kind { return reader.integers(nodes, &self) }
    return reader.numbers(nodes, &self)
  }

  /// Tells why keys are not those of one distribution.
  private mutating func unclearDistribution(
    _ entries: [SpecNode.Entry], isEmpty: Bool, at position: Position, of field: Field
  ) {
    let known = entries.first { Distribution.keywords.contains($0.key) }
    let unknown = entries.first { !Distribution.keywords.contains($0.key) }
    if let known, let unknown {
      let modifiers =
        Distribution.quantizable.contains(known.key) ? Distribution.modifiers : ["when"]
      let meant = Spelling.nearest(to: unknown.key, among: modifiers)
      return report(
        unknown.position, field.path,
        "found the unknown key \(SpecNode.excerpt(unknown.key)), allowed beside \(known.key): "
          + modifiers.joined(separator: ", ") + (meant.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
    let found =
      isEmpty ? "an empty mapping" : entries.isEmpty ? "no distribution" : "\(entries.count) keys"
    report(
      entries.dropFirst().first?.position ?? position, field.path,
      "found \(found), allowed: \(field.kind.allowed), or one distribution"
        + " (\(field.kind.distributions.joined(separator: ", ")))")
  }

  /// Reads the values of a choice or of an ordinal.
  private mutating func values(_ entry: SpecNode.Entry, of field: Field) -> [Value]? {
    let isOrdinal = entry.key == "ordinal"
    guard let elements = entry.node.elements, !elements.isEmpty else {
      report(
        entry.node.position, field.path,
        "\(entry.key): found \(entry.node.found), allowed: a list of values")
      return nil
    }
    var values: [Value] = []
    var seen: Set<Value> = []
    for element in elements {
      // Nothing has no place in an order.
      let isUnset = field.isOptional && element.isNull && !isOrdinal
      guard let value = isUnset ? .null : value(element, as: field.kind, path: field.path) else {
        continue
      }
      guard seen.insert(value).inserted else {
        report(
          element.position, field.path, "\(entry.key): found \(value) twice, allowed: once")
        continue
      }
      values.append(value)
    }
    return values.count == elements.count ? values : nil
  }
}

extension Field.Kind {
  /// The distributions that a field of this kind can have.
  var distributions: [String] {
    switch self {
    case .integer: ["choice", "ordinal", "int", "int_log", "step"]
    case .number:
      ["choice", "ordinal", "uniform", "log_uniform", "normal", "log_normal", "int", "step"]
    case .oneOf, .text, .list: ["choice", "ordinal"]
    case .boolean: ["choice"]
    case .either(let first, _): first.distributions
    case .map: []
    }
  }

  /// What a distribution that this kind cannot have is called for it.
  func counterpart(of keyword: String) -> String? {
    switch (self, keyword) {
    case (.integer, "uniform"), (.integer, "normal"): "int"
    case (.integer, "log_uniform"), (.integer, "log_normal"): "int_log"
    case (.number, "int_log"): "log_uniform"
    default: nil
    }
  }
}

/// Reads the bounds of a distribution.
private struct RangeReader {
  let keyword: String
  let field: Field
  let position: Position
  /// Of what the numbers are multiples, if of anything.
  let by: Double?

  /// More than anybody searches, and few enough that each is a Double of its own with room beside it.
  private static let widest = 1_000_000_000_000

  func integers(_ nodes: [SpecNode], _ parser: inout SpecParser) -> Distribution? {
    let low = bound(nodes[0], as: field.kind, &parser)?.integer
    let high = bound(nodes[1], as: field.kind, &parser)?.integer
    let step =
      nodes.count == 3
      ? bound(nodes[2], as: .integer(1...Int.max), &parser)?.integer : 1
    guard let low, let high, let step, isOrdered(low <= high, nodes, &parser) else { return nil }
    if keyword == "int_log" {
      guard isAboveZero(low > 0, nodes, &parser) else { return nil }
      guard high <= Self.widest else {
        parser.report(position, field.path, "\(keyword): found more values than can be counted")
        return nil
      }
      return .logIntegers(low: low, high: high)
    }
    let width = high.subtractingReportingOverflow(low)
    guard !width.overflow, width.partialValue <= Self.widest else {
      parser.report(position, field.path, "\(keyword): found more values than can be counted")
      return nil
    }
    return .integers(low: low, high: high, step: step)
  }

  func numbers(_ nodes: [SpecNode], _ parser: inout SpecParser) -> Distribution? {
    let isContinuous = by == nil && (keyword == "uniform" || keyword == "log_uniform")
    let low = bound(nodes[0], as: keyword == "int" ? .integer(.min ... .max) : field.kind, &parser)
    // The upper bound of a continuous range is never drawn: it may be the one that the field excludes.
    let isExcluded = isContinuous && field.kind.excludedHigh == nodes[1].value.number
    let high =
      isExcluded && nodes[1].value.number != nil
      ? nodes[1].value
      : bound(nodes[1], as: keyword == "int" ? .integer(.min ... .max) : field.kind, &parser)
    let step =
      nodes.count == 3 ? bound(nodes[2], as: .number(.above(0)), &parser)?.number : by ?? 1
    guard let low = low?.number, let high = high?.number, let step else { return nil }
    if keyword == "int" {
      // The field's own range was not asked yet.
      let ends = [(nodes[0], low), (nodes[1], high)].filter {
        field.kind.checked(.number($0.1)) == nil
      }
      for (node, _) in ends { _ = parser.value(node, as: field.kind, path: field.path) }
      guard ends.isEmpty else { return nil }
    }
    guard isOrdered(isContinuous ? low < high : low <= high, nodes, &parser) else { return nil }
    if keyword == "log_uniform", !isAboveZero(low > 0, nodes, &parser) { return nil }
    guard !isContinuous || high - low >= 1e-290 else {
      parser.report(position, field.path, "\(keyword): found a range too narrow to be divided")
      return nil
    }
    guard (high - low).isFinite,
      Distribution.count(low: low, high: high, step: step) != nil || isContinuous
    else {
      parser.report(position, field.path, "\(keyword): found more values than can be counted")
      return nil
    }
    switch (keyword, by) {
    case ("uniform", nil): return .uniform(low: low, high: high)
    case ("log_uniform", nil): return .logUniform(low: low, high: high)
    case ("log_uniform", let by?):
      guard let ends = Distribution.multiples(of: by, from: low, to: high) else {
        parser.report(
          position, field.path,
          "\(keyword): found no multiple of \(Value.number(by)) from \(nodes[0].found) to"
            + " \(nodes[1].found), allowed: at least one")
        return nil
      }
      return .logSteps(low: ends.first, high: ends.last, step: by)
    default: return .steps(low: low, high: high, step: step)
    }
  }

  func normal(_ nodes: [SpecNode], _ parser: inout SpecParser) -> Distribution? {
    let mean = bound(nodes[0], as: .number(.any), &parser)?.number
    let deviation = bound(nodes[1], as: .number(.above(0)), &parser)?.number
    guard let mean, let deviation, case .number(let range) = field.kind else { return nil }
    let isLogarithmic = keyword == "log_normal"
    let reach = abs(mean) + Normal.reach * deviation
    guard !isLogarithmic || reach <= Distribution.logarithmReach else {
      parser.report(
        position, field.path,
        "\(keyword): found \(nodes[0].found) ± 6 · \(nodes[1].found), allowed: natural logarithms"
          + " from -700 to 700")
      return nil
    }
    let distribution = Distribution.normal(
      mean: mean, deviation: deviation, in: range, isLogarithmic: isLogarithmic, step: by)
    if distribution == nil {
      parser.report(
        position, field.path,
        "\(keyword): found nothing within 6 deviations of the mean, allowed: \(range.description)"
          + (by.map { " that is a multiple of \(Value.number($0))" } ?? ""))
    }
    return distribution
  }

  private func bound(
    _ node: SpecNode, as kind: Field.Kind, _ parser: inout SpecParser
  ) -> Value? {
    parser.value(node, as: kind, path: field.path)
  }

  private func isOrdered(_ isOrdered: Bool, _ nodes: [SpecNode], _ parser: inout SpecParser) -> Bool
  {
    if !isOrdered {
      parser.report(
        position, field.path,
        "\(keyword): found nothing from \(nodes[0].found) to \(nodes[1].found)"
          + ", allowed: [low, high\(nodes.count == 3 ? ", step" : "")] with low below high")
    }
    return isOrdered
  }

  private func isAboveZero(_ isAbove: Bool, _ nodes: [SpecNode], _ parser: inout SpecParser) -> Bool
  {
    if !isAbove {
      parser.report(
        nodes[0].position, field.path,
        "\(keyword): found \(nodes[0].found), allowed: a number above 0, since 0 has no logarithm")
    }
    return isAbove
  }
}

extension Field.Kind {
  fileprivate var excludedHigh: Double? {
    if case .number(let range) = self, range.excludesHigh { range.high } else { nil }
  }
}
