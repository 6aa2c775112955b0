extension SpecParser {
  /// The constraints over some parameters; reports what is wrong with them.
  mutating func constraints(over parameters: [Parameter]) -> [Constraint] {
    var constraints: [Constraint] = []
    for (index, node) in (nodes["constraints"]?.elements ?? []).enumerated() {
      guard let text = Field.Kind.text.checked(node.value)?.string else { continue }
      let path = "constraints[\(index)]"
      let expression: Expression
      do {
        expression = try Expression(text) { name throws(Expression.UnknownName) in
          try schema.expressionName(name)
        }
      } catch {
        report(node.position, path, error.description)
        continue
      }
      guard expression.kind == .truth || expression.kind == .unknown else {
        report(
          node.position, path,
          "found \(expression.kind.noun), allowed: what is true or false, such as hidden <= 64")
        continue
      }
      guard !expression.names.contains(where: isUnread) else { continue }
      let constraint = Constraint(
        expression, defaults: standing(expression.names, among: parameters),
        conditional: Set(expression.names.filter { isWithoutValue($0, among: parameters) }))
      guard expression.names.allSatisfy({ distributions[$0] == nil }) else {
        constraints.append(constraint)
        continue
      }
      // Nothing in it is searched: it is decided, and not asked again.
      guard !constraint.holds(for: Assignment()) else { continue }
      report(
        node.position, path,
        "found what is never true, since none of its settings is searched, allowed: what can be true"
      )
    }
    return constraints
  }

  /// Whether a setting has no value in points in which it is not there.
  private func isWithoutValue(_ path: String, among parameters: [Parameter]) -> Bool {
    (excluded.contains(path) || parameters.contains { $0.path == path && !$0.conditions.isEmpty })
      && schema.fieldsByPath[path]?.defaultValue == nil
  }

  /// What settings are in a point that says nothing of them.
  private func standing(_ paths: [String], among parameters: [Parameter]) -> [String: Value] {
    var standing: [String: Value] = [:]
    for path in paths {
      if let parameter = parameters.first(where: { $0.path == path }) {
        guard !parameter.conditions.isEmpty else { continue }
        standing[path] = schema.fieldsByPath[path]?.defaultValue ?? .null
      } else {
        standing[path] = values[path] ?? .null
      }
    }
    return standing
  }

  /// Reports constraints that leave no point to draw.
  mutating func refuseEmpty(_ space: Space, seed: UInt64) {
    guard !space.constraints.isEmpty else { return }
    let draws = Space.drawLimit
    guard RandomSampler.draw(from: space, seed: seed, limit: draws) == nil else { return }
    let position = nodes["constraints"]?.position ?? .start
    // The one that alone is too much, if there is one.
    let culprit = space.constraints.first { constraint in
      let alone = Space(space.parameters, constraints: [constraint])
      return RandomSampler.draw(from: alone, seed: seed, limit: draws) == nil
    }
    report(
      position, "constraints",
      "found nothing allowed among \(draws) points that were drawn, allowed: what more points fulfil"
        + (culprit.map { " than \(SpecNode.excerpt($0.description, limit: 200))" } ?? ""))
  }
}

extension SpecSchema {
  /// What a name in a constraint stands for.
  func expressionName(_ name: String) throws(Expression.UnknownName) -> Expression.Name {
    let setting = setting(name)
    guard case .found(let field) = setting else {
      throw Expression.UnknownName(setting.problem(with: name) ?? "")
    }
    switch field.kind {
    case .integer, .number: return Expression.Name(field.path, .number)
    case .boolean: return Expression.Name(field.path, .truth)
    case .oneOf(let names): return Expression.Name(field.path, .text, texts: names)
    case .text: return Expression.Name(field.path, .text)
    case .either: return Expression.Name(field.path, .unknown)
    case .list, .map:
      throw Expression.UnknownName(
        "found \(field.path), which is \(field.kind.allowed), allowed: a number, a text, or true or"
          + " false")
    }
  }
}
