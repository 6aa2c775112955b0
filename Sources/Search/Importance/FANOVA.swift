/// Functional ANOVA (Hutter, Hoos and Leyton-Brown, ICML 2014): how much of the variance of the
/// losses over the whole space is each parameter's.
///
/// A random forest learns the losses; the variance of what it predicts, averaged over all other
/// parameters, is taken from its leaves without sampling. Where a parameter is not always there,
/// its absence is a class beside its values, as likely as it was among the trials.
public struct FANOVA: Sendable {
  /// The parameters that any of the trials has, the most important first.
  public let importances: [Importance]
  /// Pairs of parameters, the strongest first.
  public let interactions: [Interaction]

  /// Analyses some trials.
  ///
  /// - Parameters:
  ///   - space: The space of the trials.
  ///   - trials: Trials that ended well; those whose loss is no finite number do not count.
  ///   - trees: How many trees the forest has.
  ///   - seed: What the random numbers of the forest depend on.
  /// - Complexity: O(trees · parameters · trials · log² trials) as a rule, and for each pair of
  ///   parameters and tree the product of how often it splits them.
  public init(_ space: Space, _ trials: [ScoredTrial], trees: Int = 64, seed: UInt64 = 0) {
    precondition(trees > 0, "a forest without trees")
    let trials = trials.filter(\.loss.isFinite)
    let sides = space.parameters.compactMap { FeatureSide($0, trials) }
    guard !sides.isEmpty else {
      (importances, interactions) = ([], [])
      return
    }
    let forest = RegressionForest(sides.map(\.feature), trials.map(\.loss), seed: seed)
    var alone = Array(repeating: 0.0, count: sides.count)
    var together = Array(repeating: alone, count: sides.count)
    var counted = 0.0
    for number in 0..<trees {
      let variances = TreeVariances(forest.tree(number))
      guard variances.total > 0 else { continue }
      counted += 1
      let own = sides.indices.map { variances.marginal($0) }
      for first in sides.indices {
        alone[first] += own[first] / variances.total
        for second in sides.indices.dropFirst(first + 1) {
          let joint = variances.marginal(first, second) - own[first] - own[second]
          together[first][second] += max(0, joint) / variances.total
        }
      }
    }
    importances = Importance.normalized(
      zip(sides, alone).map { ($0.path, $1, $0.present) })
    interactions = sides.indices.flatMap { first in
      sides.indices.dropFirst(first + 1).map { second in
        Interaction(
          paths: [sides[first].path, sides[second].path],
          share: counted > 0 ? together[first][second] / counted : 0)
      }
    }.sorted { $1.share < $0.share }
  }
}

/// A parameter as a feature of the forest.
private struct FeatureSide {
  let path: String
  let present: Int
  let feature: ForestFeature

  /// Nil if no trial has the parameter.
  init?(_ parameter: Parameter, _ trials: [ScoredTrial]) {
    path = parameter.path
    let axis = ImportanceAxis(parameter.distribution)
    let positions = trials.map { $0.assignment[parameter.path].flatMap(axis.position) }
    present = positions.count { $0 != nil }
    guard present > 0 else { return nil }
    let absence = 1 - Double(present) / Double(trials.count)
    func coordinate(_ position: Double) -> Double { absence + (1 - absence) * position }
    switch axis.kind {
    case .classes(let values):
      let count = Double(values.count)
      var bounds = values.indices.map { index in
        coordinate(Double(index) / count)..<coordinate(Double(index + 1) / count)
      }
      if absence > 0 { bounds.append(0..<absence) }
      feature = ForestFeature(
        splits: .classes(bounds), coordinates: positions.map { $0.map(coordinate) ?? absence / 2 })
    case .numbers:
      feature = ForestFeature(
        splits: .ordered(above: absence),
        coordinates: positions.map { $0.map(coordinate) ?? absence / 2 })
    }
  }
}

/// The variances of what a tree predicts, over all of the space and over parts of its features.
private struct TreeVariances {
  let total: Double
  private let leaves: [(leaf: ForestLeaf, sizes: [Double], volume: Double)]
  private let mean: Double
  /// For each feature, where any leaf begins or ends.
  private let bounds: [[Double]]

  init(_ leaves: [ForestLeaf]) {
    self.leaves = leaves.map { leaf in
      let sizes = leaf.box.map { $0.reduce(0) { $0 + $1.upperBound - $1.lowerBound } }
      return (leaf, sizes, sizes.reduce(1, *))
    }
    let mean = self.leaves.reduce(0) { $0 + $1.volume * $1.leaf.value }
    self.mean = mean
    total = self.leaves.reduce(0) { sum, entry in
      sum + entry.volume * (entry.leaf.value - mean) * (entry.leaf.value - mean)
    }
    bounds = (leaves.first?.box ?? []).indices.map { feature in
      Set(leaves.flatMap { $0.box[feature].flatMap { [$0.lowerBound, $0.upperBound] } }).sorted()
    }
  }

  /// The variance of the prediction as a function of one feature, averaged over the others.
  func marginal(_ feature: Int) -> Double {
    let bounds = bounds[feature]
    // What changes from one bound to the next: a leaf costs the same however wide it is.
    var changes = Array(repeating: 0.0, count: bounds.count)
    for (leaf, sizes, volume) in leaves {
      let value = leaf.value * volume / sizes[feature]
      for part in leaf.box[feature] {
        changes[Self.index(of: part.lowerBound, in: bounds)] += value
        changes[Self.index(of: part.upperBound, in: bounds)] -= value
      }
    }
    var (prediction, variance) = (0.0, 0.0)
    for cell in bounds.indices.dropLast() {
      prediction += changes[cell]
      variance += (bounds[cell + 1] - bounds[cell]) * (prediction - mean) * (prediction - mean)
    }
    return variance
  }

  /// The variance of the prediction as a function of two features, averaged over the others.
  func marginal(_ first: Int, _ second: Int) -> Double {
    let (rows, columns) = (bounds[first], bounds[second])
    var changes = Array(repeating: 0.0, count: rows.count * columns.count)
    for (leaf, sizes, volume) in leaves {
      let value = leaf.value * volume / (sizes[first] * sizes[second])
      for row in leaf.box[first] {
        let top = Self.index(of: row.lowerBound, in: rows) * columns.count
        let bottom = Self.index(of: row.upperBound, in: rows) * columns.count
        for column in leaf.box[second] {
          let left = Self.index(of: column.lowerBound, in: columns)
          let right = Self.index(of: column.upperBound, in: columns)
          changes[top + left] += value
          changes[top + right] -= value
          changes[bottom + left] -= value
          changes[bottom + right] += value
        }
      }
    }
    var variance = 0.0
    var above = Array(repeating: 0.0, count: columns.count)
    for row in rows.indices.dropLast() {
      var prediction = 0.0
      for column in columns.indices.dropLast() {
        above[column] += changes[row * columns.count + column]
        prediction += above[column]
        variance +=
          (rows[row + 1] - rows[row]) * (columns[column + 1] - columns[column])
          * (prediction - mean) * (prediction - mean)
      }
    }
    return variance
  }

  /// The place of a bound that is there.
  private static func index(of bound: Double, in bounds: [Double]) -> Int {
    var (low, high) = (0, bounds.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
