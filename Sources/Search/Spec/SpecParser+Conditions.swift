extension SpecParser {
  /// The parameters with their conditions, all of which had to be read first; reports what is wrong
  /// with them.
  mutating func parameters() -> [Parameter] {
    var conditions: [String: [Condition]] = [:]
    for path in whenEntries.keys.sorted() {
      guard let entry = whenEntries[path], distributions[path] != nil else { continue }
      conditions[path] = self.conditions(entry, of: path)
    }
    for (path, circle) in circles(in: conditions) {
      report(
        whenEntries[path]?.position ?? .start, path,
        "when: found a circle (\(circle.joined(separator: " → "))), allowed: conditions on what does"
          + " not depend on it")
      // Without them there is a space in which the rest can be checked.
      conditions = [:]
    }
    if isChanged { exclude(conditions) }
    return distributions.sorted { $0.key < $1.key }.map {
      Parameter($0.key, $0.value, when: conditions[$0.key] ?? [])
    }
  }

  /// Leaves out parameters that are there only beside values that others can have no longer.
  private mutating func exclude(_ conditions: [String: [Condition]]) {
    while true {
      let gone = conditions.keys.filter { path in
        distributions[path] != nil
          && conditions[path]?.contains { $0.values.isEmpty || distributions[$0.path] == nil }
            == true
      }
      guard !gone.isEmpty else { return }
      for path in gone {
        distributions[path] = nil
        excluded.insert(path)
        values[path] = schema.fieldsByPath[path]?.defaultValue
      }
    }
  }

  /// Whether nothing is known of a setting because it was not read; this was told already.
  func isUnread(_ path: String) -> Bool {
    values[path] == nil && distributions[path] == nil && errors.contains { $0.path == path }
  }

  private mutating func conditions(_ entry: SpecNode.Entry, of path: String) -> [Condition] {
    guard let entries = entry.node.entries, !entries.isEmpty else {
      report(
        entry.node.position, path,
        "when: found \(entry.node.found), allowed: a mapping of settings to the values with which"
          + " this one is searched")
      return []
    }
    if schema.fieldsByPath[path]?.isRequired == true {
      report(
        entry.position, path, "when: found a setting that is required, allowed: one that is not")
      return []
    }
    var conditions: [Condition] = []
    for entry in entries {
      let setting = schema.setting(entry.key, within: SpecSchema.parent(of: path))
      guard case .found(let field) = setting else {
        report(entry.position, path, "when: " + (setting.problem(with: entry.key) ?? ""))
        continue
      }
      guard !conditions.contains(where: { $0.path == field.path }) else {
        report(entry.position, path, "when: found \(field.path) twice, allowed: once")
        continue
      }
      guard let values = conditionValues(entry, of: field, for: path), !isUnread(field.path),
        let condition = condition(on: field, values, at: entry.node, for: path)
      else { continue }
      conditions.append(condition)
    }
    return conditions.sorted { $0.path < $1.path }
  }

  /// The values of a condition with their places; nil if one of them is none of its field.
  private mutating func conditionValues(
    _ entry: SpecNode.Entry, of field: Field, for path: String
  ) -> [(value: Value, position: Position)]? {
    let nodes = entry.node.elements ?? [entry.node]
    guard (1...1000).contains(nodes.count) else {
      let found = nodes.isEmpty ? "an empty list" : "\(nodes.count) values"
      report(
        entry.node.position, path, "when: found \(found), allowed: a value, or a list of up to 1000"
      )
      return nil
    }
    let values = nodes.compactMap { node -> (value: Value, position: Position)? in
      let isUnset = field.isOptional && node.isNull
      return (isUnset ? .null : value(node, as: field.kind, path: path)).map { ($0, node.position) }
    }
    return values.count == nodes.count ? values : nil
  }

  /// A condition, if it is not decided already.
  private mutating func condition(
    on field: Field, _ values: [(value: Value, position: Position)], at node: SpecNode,
    for path: String
  ) -> Condition? {
    guard let distribution = distributions[field.path] else {
      let fixed = self.values[field.path] ?? .null
      if !values.contains(where: { $0.value == fixed }) {
        report(
          node.position, path,
          "when: found \(node.found), but \(field.path) is \(fixed) in all trials; allowed: that, or"
            + " a distribution of \(field.path)")
      }
      return nil
    }
    let possible = values.filter { distribution.contains($0.value) }
    for (value, position) in values where !isChanged && !distribution.contains(value) {
      report(
        position, path,
        "when: found \(SpecNode.excerpt(value.description)), which \(field.path) never is, allowed:"
          + " \(SpecNode.excerpt(distribution.description, limit: 200))")
    }
    let sorted = Set(possible.map(\.value)).sorted { $0.json < $1.json }
    return Condition(field.path, in: sorted)
  }

  /// The circles of conditions, one for each, by the path with which it is told.
  private func circles(in conditions: [String: [Condition]]) -> [(path: String, circle: [String])] {
    var circles: [(path: String, circle: [String])] = []
    var done: Set<String> = []
    func follow(_ path: String, _ way: [String]) {
      if let start = way.firstIndex(of: path) {
        circles.append((path, Array(way[start...]) + [path]))
        return
      }
      guard done.insert(path).inserted else { return }
      for condition in conditions[path] ?? [] { follow(condition.path, way + [path]) }
    }
    for path in conditions.keys.sorted() { follow(path, []) }
    return circles
  }
}
