extension SpecParser {
  /// Reads `{int: [16, 64]}` for a field; reports what is wrong.
  mutating func distribution(
    _ entries: [SpecNode.Entry], at position: Position, of field: Field
  ) -> Distribution? {
    let path = field.path
    let allowed = field.kind.distributions
    guard let entry = entries.first, entries.count == 1 else {
      let found = entries.isEmpty ? "an empty mapping" : "\(entries.count) keys"
      report(
        entries.dropFirst().first?.position ?? position, path,
        "found \(found), allowed: \(field.kind.allowed), or one distribution"
          + " (\(allowed.joined(separator: ", ")))")
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
    if entry.key == "choice" { return choice(entry.node, of: field) }
    let count = entry.key == "step" ? 3 : 2
    guard let nodes = entry.node.elements, nodes.count == count else {
      let form = count == 3 ? "[low, high, step]" : "[low, high]"
      let found = entry.node.elements.map { "\($0.count) values" } ?? entry.node.found
      report(entry.node.position, path, "\(entry.key): found \(found), allowed: \(form)")
      return nil
    }
    let reader = RangeReader(keyword: entry.key, field: field, position: entry.node.position)
    if case .either(.integer, _) = field.kind { return reader.integers(nodes, &self) }
    if case .integer = field.kind { return reader.integers(nodes, &self) }
    return reader.numbers(nodes, &self)
  }

  private mutating func choice(_ node: SpecNode, of field: Field) -> Distribution? {
    guard let elements = node.elements, !elements.isEmpty else {
      report(node.position, field.path, "choice: found \(node.found), allowed: a list of values")
      return nil
    }
    var values: [Value] = []
    var seen: Set<Value> = []
    for element in elements {
      let isUnset = field.isOptional && element.isNull
      guard let value = isUnset ? .null : value(element, as: field.kind, path: field.path) else {
        continue
      }
      guard seen.insert(value).inserted else {
        report(element.position, field.path, "choice: found \(value) twice, allowed: once")
        continue
      }
      values.append(value)
    }
    return values.count == elements.count ? .choice(values) : nil
  }
}

extension Field.Kind {
  /// The distributions that a field of this kind can have.
  var distributions: [String] {
    switch self {
    case .integer: ["choice", "int", "int_log", "step"]
    case .number: ["choice", "uniform", "log_uniform", "int", "step"]
    case .boolean, .oneOf, .text, .list: ["choice"]
    case .either(let first, _): first.distributions
    case .map: []
    }
  }

  /// What a distribution that this kind cannot have is called for it.
  func counterpart(of keyword: String) -> String? {
    switch (self, keyword) {
    case (.integer, "uniform"): "int"
    case (.integer, "log_uniform"): "int_log"
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

  func integers(_ nodes: [SpecNode], _ parser: inout SpecParser) -> Distribution? {
    let low = bound(nodes[0], as: field.kind, &parser)?.integer
    let high = bound(nodes[1], as: field.kind, &parser)?.integer
    let step =
      nodes.count == 3
      ? bound(nodes[2], as: .integer(1...Int.max), &parser)?.integer : 1
    guard let low, let high, let step, isOrdered(low <= high, nodes, &parser) else { return nil }
    if keyword == "int_log" {
      guard isAboveZero(low > 0, nodes, &parser) else { return nil }
      return .logIntegers(low: low, high: high)
    }
    let width = high.subtractingReportingOverflow(low)
    guard !width.overflow, width.partialValue < Int.max else {
      parser.report(position, field.path, "\(keyword): found more values than can be counted")
      return nil
    }
    return .integers(low: low, high: high, step: step)
  }

  func numbers(_ nodes: [SpecNode], _ parser: inout SpecParser) -> Distribution? {
    let isContinuous = keyword == "uniform" || keyword == "log_uniform"
    let low = bound(nodes[0], as: keyword == "int" ? .integer(.min ... .max) : field.kind, &parser)
    // The upper bound of a continuous range is never drawn: it may be the one that the field excludes.
    let isExcluded = isContinuous && field.kind.excludedHigh == nodes[1].value.number
    let high =
      isExcluded && nodes[1].value.number != nil
      ? nodes[1].value
      : bound(nodes[1], as: keyword == "int" ? .integer(.min ... .max) : field.kind, &parser)
    let step =
      nodes.count == 3 ? bound(nodes[2], as: .number(.above(0)), &parser)?.number : 1
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
    guard (high - low).isFinite,
      Distribution.count(low: low, high: high, step: step) != nil || isContinuous
    else {
      parser.report(position, field.path, "\(keyword): found more values than can be counted")
      return nil
    }
    return switch keyword {
    case "uniform": .uniform(low: low, high: high)
    case "log_uniform": .logUniform(low: low, high: high)
    default: .steps(low: low, high: high, step: step)
    }
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
