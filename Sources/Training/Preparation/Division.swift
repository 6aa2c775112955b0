internal import Philox

/// Which examples belong to which split, in the order of the dataset.
struct Parts {
  var train: [Int] = []
  var validation: [Int] = []
  var test: [Int] = []

  subscript(split: Split) -> [Int] {
    get {
      switch split {
      case .train: train
      case .validation: validation
      case .test: test
      }
    }
    set {
      switch split {
      case .train: train = newValue
      case .validation: validation = newValue
      case .test: test = newValue
      }
    }
  }

  /// Divides rows by fractions: in each stratum a permutation, of which the first are test, the next
  /// validation, the rest, at least one, train.
  static func drawn(
    _ rows: [Int], stratum: (Int) -> Int, test: Double, validation: Double, _ philox: Philox
  ) -> Parts {
    divided(rows, stratum, philox) { _, count in
      let (testCount, validationCount) = counts(count, test, validation)
      return (0..<testCount, validationCount)
    }
  }

  /// One of several folds: each row is in the test of exactly one of them. A stratum is cut like the whole,
  /// and one of a single row is in train in all of them; of what is no test the first are validation.
  static func fold(
    _ fold: Int, of folds: Int, _ rows: [Int], stratum: (Int) -> Int, validation: Double,
    _ philox: Philox
  ) -> Parts {
    divided(rows, stratum, philox) { number, count in
      // A label that is tested must be one that was learned.
      guard count > 1 else { return (0..<0, 0) }
      // Not always the same fold has one more.
      let block = (fold + number) % folds
      let test = count * block / folds..<count * (block + 1) / folds
      return (test, counts(count - test.count, 0, validation).1)
    }
  }

  /// Divides a permutation of each stratum: some places of it are test, so many of the others validation. A
  /// stratum's draws depend on no other stratum.
  private static func divided(
    _ rows: [Int], _ stratum: (Int) -> Int, _ philox: Philox,
    by division: (_ stratum: Int, _ count: Int) -> (test: Range<Int>, validationCount: Int)
  ) -> Parts {
    var strata: [Int: [Int]] = [:]
    for row in rows { strata[stratum(row), default: []].append(row) }
    var parts = Parts()
    for (number, members) in strata.sorted(by: { $0.key < $1.key }) {
      var random = philox.sequence(.split, step: UInt32(truncatingIfNeeded: number))
      let order = random.permutation(of: members.count).map { members[$0] }
      let (test, validationCount) = division(number, members.count)
      let rest = order[..<test.lowerBound] + order[test.upperBound...]
      parts.test += order[test]
      parts.validation += rest.prefix(validationCount)
      parts.train += rest.dropFirst(validationCount)
    }
    for split in Split.allCases { parts[split].sort() }
    return parts
  }

  /// How many of `count` go to test and to validation, so that something is left.
  static func counts(_ count: Int, _ test: Double, _ validation: Double) -> (Int, Int) {
    let testCount = min(Int((Double(count) * test).rounded()), max(count - 1, 0))
    let rest = max(count - 1 - testCount, 0)
    return (testCount, min(Int((Double(count) * validation).rounded()), rest))
  }
}

extension Dataset {
  /// The parts of the examples `rows`.
  func parts(of rows: [Int], _ plan: DataPlan, seed: UInt64) -> Parts {
    let philox = Philox(seed: plan.split.seed ?? seed)
    var stratum: (Int) -> Int = { _ in 0 }
    if plan.split.stratify == true, case .labels(let labels, _) = targets {
      stratum = { Int(labels[$0]) }
    }
    guard plan.split.source == .file, let splits else {
      if let folds = plan.split.folds {
        return Parts.fold(
          plan.split.fold ?? 0, of: folds, rows, stratum: stratum,
          validation: plan.split.validation, philox)
      }
      return Parts.drawn(
        rows, stratum: stratum, test: plan.split.test, validation: plan.split.validation, philox)
    }
    var parts = Parts()
    for row in rows { parts[splits[row]].append(row) }
    if parts.validation.isEmpty {
      let drawn = Parts.drawn(
        parts.train, stratum: stratum, test: 0, validation: plan.split.validation, philox)
      parts.train = drawn.train
      parts.validation = drawn.validation
    }
    return parts
  }

  /// The rows without those whose input an earlier row has. Where the file gives the splits, the copy
  /// in test is kept rather than that in validation, and that rather than the one in train.
  func distinctRows(_ plan: DataPlan) -> [Int] {
    var order = Array(0..<count)
    if plan.split.source == .file, let splits {
      order = [Split.test, .validation, .train].flatMap { split in
        order.filter { splits[$0] == split }
      }
    }
    let duplicates = inputs.duplicates(among: order)
    return (0..<count).filter { duplicates[$0] == nil }
  }
}
