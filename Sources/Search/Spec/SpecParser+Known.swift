import Philox

extension SpecParser {
  /// The points that are tried first; reports what is wrong with them.
  mutating func known(in space: Space, trials: Int?, sampler: SamplerKind) -> [Assignment] {
    guard let node = nodes["try"], let elements = node.elements, !elements.isEmpty else {
      return []
    }
    guard sampler != .grid else {
      report(
        node.position, "try",
        "found points to try first, allowed: none with a grid, which tries all")
      return []
    }
    if let trials, elements.count > trials {
      report(
        node.position, "try",
        "found \(elements.count) points, allowed: at most \(trials), the number of trials")
    }
    return elements.enumerated().compactMap { index, element in
      let before = errors.count
      let point = point(element, "try[\(index)]", in: space)
      // What was possible once is tried no longer.
      if isChanged, point == nil, errors[before...].allSatisfy(\.isExcluded) {
        errors.removeSubrange(before...)
      }
      return point
    }
  }

  /// Reports a point that a change of the space may have made impossible.
  private mutating func exclude(_ position: Position, _ path: String, _ message: String) {
    report(position, path, message)
    if !isFull { errors[errors.count - 1].isExcluded = true }
  }

  private mutating func point(_ node: SpecNode, _ path: String, in space: Space) -> Assignment? {
    guard !isFull, let entries = node.entries else { return nil }
    guard !entries.isEmpty else {
      report(
        node.position, path, "found an empty mapping, allowed: settings and their values")
      return nil
    }
    let before = errors.count
    var values: [String: Value] = [:]
    var places: [String: Position] = [:]
    read(entries, within: "", of: path, &values, &places)
    guard errors.count == before else { return nil }
    checkPresence(of: values, places, path, in: space)
    guard errors.count == before else { return nil }
    let point = Assignment(values)
    for constraint in space.constraints where isDecided(constraint, by: values, in: space) {
      guard !constraint.holds(for: point) else { continue }
      exclude(
        node.position, path,
        "found a point that is not allowed, allowed: what fulfils"
          + " \(SpecNode.excerpt(constraint.description, limit: 200))")
    }
    guard errors.count == before else { return nil }
    // What it leaves open has to leave something that is allowed, too.
    var random = Philox(seed: 0).sequence(.search, step: 0)
    guard space.sample(&random, keeping: point) != nil else {
      exclude(
        node.position, path,
        "found a point that no values of the others make an allowed one among \(Space.drawLimit) that"
          + " were drawn, allowed: what leaves the constraints room")
      return nil
    }
    return point
  }

  /// Reads `model: {hidden: 64}`, `model.hidden: 64` and `hidden: 64`.
  private mutating func read(
    _ entries: [SpecNode.Entry], within section: String, of path: String,
    _ values: inout [String: Value], _ places: inout [String: Position]
  ) {
    for entry in entries where !isFull {
      let name = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      if schema.sections[name] != nil, let inner = entry.node.entries {
        read(inner, within: name, of: path, &values, &places)
        continue
      }
      // Within a section only what stands in it is meant.
      let setting = schema.setting(name)
      guard case .found(let field) = setting else {
        report(entry.position, path, setting.problem(with: name) ?? "")
        continue
      }
      guard places.updateValue(entry.position, forKey: field.path) == nil else {
        report(entry.position, path, "found \(field.path) twice, allowed: once")
        continue
      }
      let isUnset = field.isOptional && entry.node.isNull
      guard
        let value = isUnset
          ? .null : value(entry.node, as: field.kind, path: "\(path).\(field.path)")
      else { continue }
      guard let distribution = distributions[field.path] else {
        let fixed = self.values[field.path] ?? .null
        if value != fixed, !isUnread(field.path) {
          exclude(
            entry.node.position, "\(path).\(field.path)",
            "found \(value), allowed: \(fixed), as in all trials, or a distribution of \(field.path)"
          )
        }
        continue
      }
      guard distribution.contains(value) else {
        exclude(
          entry.node.position, "\(path).\(field.path)",
          "found \(value), which cannot be drawn, allowed: "
            + SpecNode.excerpt(distribution.description, limit: 200))
        continue
      }
      values[field.path] = value
    }
  }

  /// Reports values of parameters that are not there, or not for certain.
  private mutating func checkPresence(
    of values: [String: Value], _ places: [String: Position], _ path: String, in space: Space
  ) {
    for parameter in space.parameters where values[parameter.path] != nil {
      let missing = parameter.conditions.first { condition in
        !(values[condition.path].map(condition.values.contains) ?? false)
      }
      guard let missing else { continue }
      let wanted = missing.values.map(\.description).joined(separator: " or ")
      let found = values[missing.path].map { "\(missing.path) \($0)" } ?? "no \(missing.path)"
      exclude(
        places[parameter.path] ?? .start, "\(path).\(parameter.path)",
        "found beside \(found), allowed: beside \(missing.path) \(SpecNode.excerpt(wanted))")
    }
  }

  /// Whether a point says all that a constraint asks, whatever the sampler adds to it.
  private func isDecided(_ constraint: Constraint, by values: [String: Value], in space: Space)
    -> Bool
  {
    constraint.expression.names.allSatisfy { name in
      guard values[name] == nil, let parameter = space[name] else { return true }
      return parameter.conditions.contains { condition in
        values[condition.path].map { !condition.values.contains($0) } ?? false
      }
    }
  }
}
