import Philox

/// A feature of a regression forest: coordinates in 0..<1, whose prior is uniform.
struct ForestFeature {
  enum Splits {
    /// Between any two values. What is below the bound is one class, which is not cut.
    case ordered(above: Double)
    /// One class against the others; the classes' bounds.
    case classes([Range<Double>])
  }

  let splits: Splits
  /// The coordinate of each sample.
  let coordinates: [Double]
}

/// A leaf of a regression tree: where it lies and what it predicts.
struct ForestLeaf {
  /// For each feature, the parts of 0..<1 that it takes, apart from each other.
  let box: [[Range<Double>]]
  /// The mean of its samples.
  let value: Double
}

/// Regression trees (Breiman 2001), each grown on samples drawn with replacement, until its leaves
/// are pure or hold fewer samples than a split needs. Every split may take any feature.
struct RegressionForest {
  let features: [ForestFeature]
  let targets: [Double]
  let seed: UInt64
  private let maximalDepth = 64
  private let minimalSplit = 2

  init(_ features: [ForestFeature], _ targets: [Double], seed: UInt64) {
    precondition(!targets.isEmpty, "a forest grows on nothing")
    precondition(features.allSatisfy { $0.coordinates.count == targets.count }, "samples differ")
    self.features = features
    self.targets = targets
    self.seed = seed
  }

  /// The leaves of a tree: they take the whole space, and no two meet.
  ///
  /// - Parameter number: The number of the tree: what is random about it depends on it alone.
  /// - Returns: The leaves.
  func tree(_ number: Int) -> [ForestLeaf] {
    // Samplers draw for the trials from 0 on: the last number is none of theirs.
    var random = Philox(seed: seed, trial: .max).sequence(.search, step: UInt32(number))
    var leaves: [ForestLeaf] = []
    let bag = targets.indices.map { _ in random.index(below: targets.count) }
    var nodes = [Node(samples: bag, box: features.map { _ in [0..<1] }, depth: 0)]
    while let node = nodes.popLast() {
      guard let split = split(node, &random) else {
        leaves.append(ForestLeaf(box: node.box, value: mean(node.samples)))
        continue
      }
      let coordinates = features[split.feature].coordinates
      for isInside in [true, false] {
        var child = node
        child.depth += 1
        child.samples.removeAll { split.inside.contains(coordinates[$0]) != isInside }
        child.box[split.feature] = node.box[split.feature].flatMap { part in
          isInside ? part.inside(split.inside) : part.outside(split.inside)
        }
        nodes.append(child)
      }
    }
    return leaves
  }

  private struct Node {
    var samples: [Int]
    var box: [[Range<Double>]]
    var depth: Int
  }

  private struct Split {
    let feature: Int
    let inside: Range<Double>
    /// The sum of the squared sums of both sides by their counts: more is better.
    var gain: Double
  }

  private func mean(_ samples: [Int]) -> Double {
    samples.reduce(0) { $0 + targets[$1] } / Double(samples.count)
  }

  private func split(_ node: Node, _ random: inout RandomSequence) -> Split? {
    let first = targets[node.samples[0]]
    guard node.samples.count >= minimalSplit, node.depth < maximalDepth,
      node.samples.contains(where: { targets[$0] != first })
    else { return nil }
    // In a new order each time: of features that split equally well the first one wins.
    var best: Split?
    for feature in random.permutation(of: features.count) {
      let found =
        switch features[feature].splits {
        case .ordered(let bound): orderedSplit(node, feature, above: bound)
        case .classes(let classes): classSplit(node, feature, classes)
        }
      if let found, found.gain > best?.gain ?? -.infinity { best = found }
    }
    return best
  }

  private func orderedSplit(_ node: Node, _ feature: Int, above bound: Double) -> Split? {
    let coordinates = features[feature].coordinates
    let samples = node.samples.sorted { coordinates[$0] < coordinates[$1] }
    let total = samples.reduce(0) { $0 + targets[$1] }
    var best: Split?
    var sum = 0.0
    for count in 1..<samples.count {
      sum += targets[samples[count - 1]]
      let (left, right) = (coordinates[samples[count - 1]], coordinates[samples[count]])
      guard left < right else { continue }
      let gain =
        sum * sum / Double(count)
        + (total - sum) * (total - sum) / Double(samples.count - count)
      guard gain > best?.gain ?? -.infinity else { continue }
      let middle = left < bound ? bound : left + (right - left) / 2
      best = Split(feature: feature, inside: 0..<(middle > left ? middle : right), gain: gain)
    }
    return best
  }

  private func classSplit(_ node: Node, _ feature: Int, _ classes: [Range<Double>]) -> Split? {
    let coordinates = features[feature].coordinates
    var best: Split?
    for bounds in classes {
      var (sums, counts) = (SIMD2(0.0, 0.0), SIMD2(0.0, 0.0))
      for sample in node.samples {
        let side = bounds.contains(coordinates[sample]) ? 0 : 1
        sums[side] += targets[sample]
        counts[side] += 1
      }
      guard counts.min() > 0 else { continue }
      let gain = (sums * sums / counts).sum()
      if gain > best?.gain ?? -.infinity {
        best = Split(feature: feature, inside: bounds, gain: gain)
      }
    }
    return best
  }
}

extension Range<Double> {
  /// The part that is in another range, as a list: empty if there is none.
  fileprivate func inside(_ other: Range) -> [Range] {
    let part = clamped(to: other)
    return part.isEmpty ? [] : [part]
  }

  /// The parts that are not in another range.
  fileprivate func outside(_ other: Range) -> [Range] {
    let part = clamped(to: other)
    if part.isEmpty { return [self] }
    return [lowerBound..<part.lowerBound, part.upperBound..<upperBound].filter { !$0.isEmpty }
  }
}
