extension SpecParser {
  /// Checks what belongs together and makes the specification; nil if anything is wrong.
  mutating func finish() -> SweepSpec? {
    let space = Space(parameters)
    guard let sampler = values["search.sampler"]?.string.flatMap(SamplerKind.init(rawValue:)) else {
      return nil
    }
    let wasClean = errors.isEmpty
    let trials: Int?
    switch sampler {
    case .grid: trials = gridTrials(space, isWhole: wasClean)
    case .random: trials = randomTrials(space)
    }
    guard errors.isEmpty, let trials, let objective, let limits,
      let seed = values["seed"]?.integer, let priority = values["priority"]?.integer,
      let queue = values["queue"]?.string
    else { return nil }
    values["trials"] = .integer(trials)
    values["objective.goal"] = .string(objective.goal.rawValue)
    let own = Set(SweepSpec.ownFields(metrics: schema.metrics).map(\.path))
    return SweepSpec(
      name: values["name"]?.string, description: values["description"]?.string,
      fixed: values.filter { !own.contains($0.key) }, space: space, sampler: sampler,
      objective: objective, trials: trials, seed: UInt64(seed), priority: priority, queue: queue,
      limits: limits, idempotencyKey: values["idempotency_key"]?.string, json: json(space),
      file: file, positions: positions, chosen: chosen)
  }

  /// The paths of distributions and of values that differ from their defaults.
  private var chosen: Set<String> {
    let values = values.filter { $0.value != schema.fieldsByPath[$0.key]?.defaultValue }
    return Set(values.keys).union(parameters.map(\.path))
  }

  private var objective: Objective? {
    guard let metric = values["objective.metric"]?.string,
      let split = values["objective.split"]?.string
    else { return nil }
    let said = values["objective.goal"]?.string.flatMap(Goal.init(rawValue:))
    guard let goal = said ?? schema.metrics.first(where: { $0.name == metric })?.goal else {
      return nil
    }
    return Objective(metric: metric, split: split, goal: goal)
  }

  private var limits: Limits? {
    guard let failures = values["limits.max_failures"]?.integer,
      let losses = values["limits.max_losses"]?.integer
    else { return nil }
    return Limits(
      maxParallel: values["limits.max_parallel"]?.integer, maxFailures: failures, maxLosses: losses)
  }

  /// How many trials a grid has. Sizes are only told of a space that was read without error.
  private mutating func gridTrials(_ space: Space, isWhole: Bool) -> Int? {
    let continuous = space.parameters.filter { $0.distribution.count == nil }
    for parameter in continuous {
      report(
        positions[parameter.path] ?? .start, parameter.path,
        "found \(parameter.distribution), which a grid cannot try through"
          + ", allowed: choice, int or step (or search: random)")
    }
    guard continuous.isEmpty, isWhole else { return nil }
    let range = SweepSpec.trialRange
    let position = positions["trials"] ?? positions["search"] ?? .start
    switch (space.size, values["trials"]?.integer) {
    case (.points(let points), let trials?) where trials > points:
      report(
        position, "trials",
        "found \(trials), allowed: at most \(points), the number of points of the grid")
      return nil
    case (.points, let trials?):
      return trials
    case (.points(let points), nil) where points <= range.upperBound:
      return points
    case (.points(let points), nil):
      report(
        position, "trials", "missing, allowed: \(range.upperBound) of the grid's \(points) points")
      return nil
    case (.uncountable, _), (.continuous, _):
      report(position, "search", "found a grid of more points than can be counted, allowed: random")
      return nil
    }
  }

  private mutating func randomTrials(_ space: Space) -> Int? {
    if let trials = values["trials"]?.integer { return trials }
    guard !errors.contains(where: { $0.path == "trials" }) else { return nil }
    if space.parameters.isEmpty { return 1 }
    report(
      .start, "trials",
      "missing, allowed: \(Field.Kind.integer(SweepSpec.trialRange).allowed)"
        + "; how many settings to draw (search: grid tries every point once)")
    return nil
  }

  /// The specification as nested objects with every value written out.
  private func json(_ space: Space) -> String {
    var root = Tree()
    for (path, value) in values { root.insert(value, at: path.split(separator: ".")[...]) }
    for parameter in space.parameters {
      root.insert(parameter.distribution.value, at: parameter.path.split(separator: ".")[...])
    }
    return root.value.json
  }
}

/// Values by nested keys.
private struct Tree {
  private var leaves: [String: Value] = [:]
  private var branches: [String: Tree] = [:]

  mutating func insert(_ value: Value, at keys: ArraySlice<Substring>) {
    guard let first = keys.first.map(String.init) else { return }
    if keys.count == 1 {
      leaves[first] = value
    } else {
      branches[first, default: Tree()].insert(value, at: keys.dropFirst())
    }
  }

  var value: Value {
    .map(leaves.merging(branches.mapValues(\.value)) { _, branch in branch })
  }
}
