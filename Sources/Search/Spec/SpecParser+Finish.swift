extension SpecParser {
  /// Checks what belongs together and makes the specification; nil if anything is wrong.
  mutating func finish() -> SweepSpec? {
    let parameters = parameters()
    let space = Space(parameters, constraints: constraints(over: parameters))
    let search = searchSettings()
    let objectives = objectives()
    guard let search else { return nil }
    var grid: GridSampler?
    let trials: Int?
    switch search.sampler {
    case .grid:
      grid = countedGrid(space)
      trials = grid.flatMap { gridTrials($0.count, repeats: search.repeats) }
    case .random, .sobol, .tpe, .gp, .pbt: trials = drawnTrials(space)
    }
    let stop = stopSettings(trials: trials, goal: objectives?.first?.goal)
    let known = known(in: space, trials: trials, sampler: search.sampler)
    guard let seed = values["seed"]?.integer.map(UInt64.init) else { return nil }
    if errors.isEmpty, grid == nil { refuseEmpty(space, seed: seed) }
    guard errors.isEmpty, let trials, let stop, let objectives, let limits,
      let priority = values["priority"]?.integer, let queue = values["queue"]?.string
    else { return nil }
    values["trials"] = .integer(trials)
    write(objectives)
    values["constraints"] =
      space.constraints.isEmpty
      ? nil : .list(space.constraints.map { .string($0.description) })
    values["try"] =
      known.isEmpty
      ? nil
      : .list(
        known.map { point in
          .map(Dictionary(uniqueKeysWithValues: point.map { ($0.path, $0.value) }))
        })
    let own = Set(SweepSpec.ownFields(metrics: schema.metrics).map(\.path))
    return SweepSpec(
      name: values["name"]?.string, description: values["description"]?.string,
      fixed: values.filter { !own.contains($0.key) }, space: space, defaults: defaults(space),
      known: known, search: search, stop: stop, objectives: objectives, trials: trials, seed: seed,
      priority: priority, queue: queue, limits: limits,
      idempotencyKey: values["idempotency_key"]?.string, json: json(space), file: file,
      positions: positions, chosen: chosen, grid: grid)
  }

  /// The paths of distributions and of values that differ from their defaults.
  private var chosen: Set<String> {
    let values = values.filter { $0.value != schema.fieldsByPath[$0.key]?.defaultValue }
    let chosen = Set(values.keys).union(distributions.keys)
    // Who asks whether a metric was chosen means the objective, which may be the default by name.
    return hasMetric ? chosen.union(["objective.metric"]) : chosen
  }

  /// What settings are in trials in which they are not there.
  private func defaults(_ space: Space) -> [String: Value] {
    var defaults: [String: Value] = [:]
    for parameter in space.parameters where !parameter.conditions.isEmpty {
      defaults[parameter.path] = schema.fieldsByPath[parameter.path]?.defaultValue
    }
    return defaults
  }

  private var limits: Limits? {
    guard let failures = values["limits.max_failures"]?.integer,
      let losses = values["limits.max_losses"]?.integer
    else { return nil }
    return Limits(
      maxParallel: values["limits.max_parallel"]?.integer, maxFailures: failures, maxLosses: losses)
  }

  /// The grid over a space. Sizes are only told of a space that was read without error.
  private mutating func countedGrid(_ space: Space) -> GridSampler? {
    let wasClean = errors.isEmpty
    let continuous = space.parameters.filter { $0.distribution.count == nil }
    for parameter in continuous {
      report(
        positions[parameter.path] ?? .start, parameter.path,
        "found \(parameter.distribution), which a grid cannot try through"
          + ", allowed: choice, int or step (or search: random)")
    }
    guard continuous.isEmpty, wasClean else { return nil }
    let grid = GridSampler(space)
    if grid?.count == 0 {
      report(
        nodes["constraints"]?.position ?? .start, "constraints",
        "found nothing allowed among all points of the grid, allowed: what some points fulfil")
      return nil
    }
    guard grid == nil else { return grid }
    let isUnbounded = space.constraints.isEmpty || GridSampler(Space(space.parameters)) == nil
    report(
      positions["trials"] ?? positions["search"] ?? .start, "search",
      isUnbounded
        ? "found a grid of more points than can be counted, allowed: random"
        : "found a grid whose constraints would have to be asked of more than"
          + " \(GridComponent.pointLimit) points, allowed: random")
    return nil
  }

  /// How many trials a grid of so many points has, each of which is tried so often.
  private mutating func gridTrials(_ count: Int, repeats: Int) -> Int? {
    let points = count * repeats
    let range = SweepSpec.trialRange
    let position = positions["trials"] ?? positions["search"] ?? .start
    guard let trials = values["trials"]?.integer else {
      if points <= range.upperBound { return points }
      report(
        position, "trials",
        "missing, allowed: \(range.upperBound) of the grid's \(points) "
          + (repeats == 1 ? "points" : "trials"))
      return nil
    }
    if trials <= points { return trials }
    report(
      position, "trials",
      "found \(trials), allowed: at most \(points), "
        + (repeats == 1
          ? "the number of points of the grid"
          : "\(repeats) for each of the grid's \(count) points"))
    return nil
  }

  private mutating func drawnTrials(_ space: Space) -> Int? {
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
      root.insert(parameter.value, at: parameter.path.split(separator: ".")[...])
    }
    return root.value.json
  }
}

extension Parameter {
  /// The distribution and the conditions as a specification says them.
  fileprivate var value: Value {
    guard case .map(var values) = distribution.value, !conditions.isEmpty else {
      return distribution.value
    }
    values["when"] = .map(
      Dictionary(uniqueKeysWithValues: conditions.map { ($0.path, .list($0.values)) }))
    return .map(values)
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
