extension SpecParser {
  /// What makes trials good, the most important first; nil if anything is wrong with it.
  mutating func objectives() -> [Objective]? {
    guard let node = nodes["objectives"], let elements = node.elements else {
      return objective().map { [$0] }
    }
    guard positions["objective"] == nil else {
      report(node.position, "objectives", "found beside objective, allowed: one of the two")
      return nil
    }
    let before = errors.count
    let objectives = elements.enumerated().compactMap { index, element in
      objective(element, "objectives[\(index)]")
    }
    for (index, objective) in objectives.enumerated() where errors.count == before {
      guard objectives[..<index].contains(where: { $0.isSameMeasure(as: objective) }) else {
        continue
      }
      report(
        elements[index].position, "objectives[\(index)]",
        "found \(objective.metric) twice, allowed: once")
    }
    return errors.count == before ? objectives : nil
  }

  /// Whether a metric was named, or computed: where none is, the task says which one it is.
  var hasMetric: Bool {
    ["objective.metric", "objective.expression", "objectives"].contains { positions[$0] != nil }
  }

  /// Writes objectives out among the values: one as `objective`, several as `objectives`. Of one that was
  /// not named its metric stays out, which whoever reads it again would take for named.
  mutating func write(_ objectives: [Objective]) {
    for key in ["objective.metric", "objective.expression", "objective.split", "objective.goal"] {
      values[key] = nil
    }
    values["objectives"] = nil
    guard objectives.count == 1, let objective = objectives.first else {
      values["objectives"] = .list(objectives.map { .map($0.values) })
      return
    }
    for (key, value) in objective.values { values["objective.\(key)"] = value }
    guard !hasMetric else { return }
    values["objective.metric"] = nil
    if positions["objective.goal"] == nil { values["objective.goal"] = nil }
  }

  /// The objective of the section of that name.
  private mutating func objective() -> Objective? {
    guard let split = values["objective.split"]?.string else { return nil }
    let goal = values["objective.goal"]?.string.flatMap(Goal.init(rawValue:))
    guard let text = values["objective.expression"]?.string else {
      guard let metric = values["objective.metric"]?.string else { return nil }
      return objective(metric: metric, split: split, goal: goal)
    }
    let position = positions["objective.expression"] ?? .start
    guard positions["objective.metric"] == nil else {
      report(position, "objective.expression", "found beside metric, allowed: one of the two")
      return nil
    }
    return objective(
      expression: text, at: position, split: split, goal: goal, "objective",
      isGoalUnread: isUnread("objective.goal"))
  }

  /// An objective of a list: the name of a metric, or what the section `objective` has.
  private mutating func objective(_ node: SpecNode, _ path: String) -> Objective? {
    let metrics = Field.Kind.oneOf(schema.metrics.map(\.name))
    guard let entries = node.entries else {
      guard let metric = value(node, as: metrics, path: path)?.string else { return nil }
      return objective(metric: metric, split: "validation", goal: nil)
    }
    let fields = schema.children["objective"]?.compactMap { schema.fieldsByPath[$0] } ?? []
    var read: [String: Value] = [:]
    var places: [String: Position] = [:]
    let before = errors.count
    for entry in entries {
      guard let field = fields.first(where: { $0.key == entry.key }) else {
        let keys = fields.map(\.key)
        report(
          entry.position, path,
          "unknown key \(SpecNode.excerpt(entry.key)), allowed: \(keys.joined(separator: ", "))"
            + (Spelling.nearest(to: entry.key, among: keys).map { "; did you mean \"\($0)\"?" }
              ?? "")
        )
        continue
      }
      places[entry.key] = entry.node.position
      if entry.node.isNull, field.isOptional { continue }
      read[entry.key] = value(entry.node, as: field.kind, path: path)
    }
    guard errors.count == before else { return nil }
    let split = read["split"]?.string ?? "validation"
    let goal = read["goal"]?.string.flatMap(Goal.init(rawValue:))
    switch (read["metric"]?.string, read["expression"]?.string) {
    case (let metric?, nil): return objective(metric: metric, split: split, goal: goal)
    case (nil, let text?):
      return objective(
        expression: text, at: places["expression"] ?? node.position, split: split, goal: goal, path)
    case (nil, nil):
      report(node.position, path, "found no metric, allowed: metric or expression")
      return nil
    case (_?, _?):
      report(node.position, path, "found metric and expression, allowed: one of the two")
      return nil
    }
  }

  private func objective(metric: String, split: String, goal: Goal?) -> Objective? {
    let own = schema.metrics.first { $0.name == metric }?.goal
    return (goal ?? own).map {
      Objective(metric: metric, expression: nil, split: split, goal: $0)
    }
  }

  private mutating func objective(
    expression text: String, at position: Position, split: String, goal: Goal?, _ path: String,
    isGoalUnread: Bool = false
  ) -> Objective? {
    let metrics = schema.metrics.map(\.name)
    let expression: Expression
    do {
      expression = try Expression(text) { name throws(Expression.UnknownName) in
        guard metrics.contains(name) else {
          throw Expression.UnknownName(
            "found the unknown metric \(SpecNode.excerpt(name)), allowed: "
              + metrics.joined(separator: ", ")
              + (Spelling.nearest(to: name, among: metrics).map { "; did you mean \"\($0)\"?" }
                ?? ""))
        }
        return Expression.Name(name, .number)
      }
    } catch {
      report(position, "\(path).expression", error.description)
      return nil
    }
    guard expression.kind == .number, !expression.names.isEmpty else {
      let found = expression.kind == .number ? "no metric" : expression.kind.noun
      report(
        position, "\(path).expression",
        "found \(found), allowed: a number computed from metrics, such as \(metrics[0]) / 2")
      return nil
    }
    guard expression.isEverNumber else {
      report(
        position, "\(path).expression",
        "found what is no number, whatever the metrics are, allowed: a number computed from them")
      return nil
    }
    guard let goal else {
      if !isGoalUnread {
        report(
          position, "\(path).goal",
          "missing, allowed: minimize, maximize; an expression has no goal of its own")
      }
      return nil
    }
    return Objective(
      metric: expression.description, expression: expression, split: split, goal: goal)
  }
}

extension Expression {
  /// Whether it is a number for any of some numbers, all different, that its names might stand for.
  fileprivate var isEverNumber: Bool {
    [0.01, 0.5, 2, 100].contains { scale in
      let numbers = names.indices.map { scale * (1 + Double($0) / 8) }
      return evaluate { name in names.firstIndex(of: name).map { .number(numbers[$0]) } } != nil
    }
  }
}

extension Objective {
  /// Whether another one is the same but for its goal.
  fileprivate func isSameMeasure(as other: Objective) -> Bool {
    metric == other.metric && split == other.split
  }

  /// What a specification says of it, by key.
  fileprivate var values: [String: Value] {
    [
      expression == nil ? "metric" : "expression": .string(metric), "split": .string(split),
      "goal": .string(goal.rawValue),
    ]
  }
}
