internal import Glibc

/// What a method without a network reaches: the least that a model has to beat.
public struct Baseline: Codable, Hashable, Sendable {
  /// The method: `majority`, `naive-bayes`, `mean`, `persistence`, `seasonal-naive` or `unigram`.
  public var name: String
  /// What it reached, on validation and test.
  public var metrics: [Metric]
}

extension PreparedData {
  /// The plain methods for the task, fitted on the training split.
  public func baselines() -> [Baseline] {
    switch encoding.task {
    case .classify:
      encoding.tokens == nil ? [majority()] : [majority(), naiveBayes()]
    case .tag: [majority()]
    case .regress: [constant()]
    case .forecast: encoding.forecast.map(forecasts) ?? []
    case .language: [unigram()]
    }
  }

  func baseline(
    _ name: String, only names: [String]? = nil, _ tally: (Sequences) -> Tally
  ) -> Baseline {
    var metrics: [Metric] = []
    for split in [Split.validation, .test] where self[split].count > 0 {
      metrics += tally(self[split]).metrics(split, encoding)
    }
    return Baseline(
      name: name, metrics: metrics.filter { names?.contains($0.name) ?? ($0.name != "loss") })
  }

  /// Always the most frequent class of the training split.
  private func majority() -> Baseline {
    var counts = [Int](repeating: 0, count: encoding.outputs)
    for target in train.classes { counts[Int(target)] += 1 }
    let answer = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    return baseline("majority") { split in
      var tally = Tally(encoding)
      for target in split.classes {
        tally.add(answer: answer, target: Int(target), encoding.outputs)
      }
      return tally
    }
  }

  /// Multinomial naive Bayes over the bag of tokens, with Laplace's one more of everything.
  private func naiveBayes() -> Baseline {
    let (classes, size) = (encoding.outputs, encoding.vocabularySize ?? 0)
    var counts = [Double](repeating: 1, count: classes * size)
    var priors = [Double](repeating: 0, count: classes)
    for (sequence, target) in train.classes.enumerated() {
      priors[Int(target)] += 1
      for token in train.tokens(sequence) { counts[Int(target) * size + Int(token)] += 1 }
    }
    for label in 0..<classes {
      let row = label * size..<(label + 1) * size
      // Index 0 is no token.
      let total = log(counts[row].reduce(0, +) - 1)
      for index in row { counts[index] = log(counts[index]) - total }
      priors[label] = log(priors[label] / Double(train.count))
    }
    return baseline("naive-bayes") { split in
      var tally = Tally(encoding)
      for (sequence, target) in split.classes.enumerated() {
        let tokens = split.tokens(sequence)
        let scores = (0..<classes).map { label in
          tokens.reduce(priors[label]) { $0 + counts[label * size + Int($1)] }
        }
        let answer = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        tally.add(answer: answer, target: Int(target), classes)
      }
      return tally
    }
  }

  /// Always the mean of the training split, of each number.
  private func constant() -> Baseline {
    let width = encoding.outputs
    let mean = Scale.fitting([train.numbers[...]], width: width).means
    return numbers("mean") { _, column in mean[column] }
  }

  private func numbers(
    _ name: String, _ answer: (ArraySlice<Float>, Int) -> Double
  ) -> Baseline {
    let width = encoding.outputs
    let scale = encoding.targetScale ?? .identity(width: width)
    return baseline(name, only: ["loss", "rmse", "mae"]) { split in
      var tally = Tally(encoding)
      for (index, target) in split.numbers.enumerated() {
        tally.add(
          answer: answer(split.values(index / width), index % width), target: Double(target),
          deviation: scale.deviations[index % width])
      }
      return tally
    }
  }

  /// Each token by its share in the training split, with Laplace's one more of everything.
  private func unigram() -> Baseline {
    var counts = [Double](repeating: 1, count: encoding.outputs)
    // Sequence by sequence: the classes of a long text would take four times its memory.
    for sequence in 0..<train.count {
      for target in train.stepClasses(sequence) { counts[Int(target)] += 1 }
    }
    let total = counts.reduce(0, +)
    let answer = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    // Its loss is of the same kind as a model's.
    return baseline("unigram", only: Metric.names(for: encoding)) { split in
      var tally = Tally(encoding)
      for sequence in 0..<split.count {
        for target in split.stepClasses(sequence) {
          tally.add(
            answer: answer, target: Int(target), loss: -log(counts[Int(target)] / total))
        }
      }
      return tally
    }
  }
}

extension Sequences {
  /// The classes that are asked for, one sequence after the other; of steps those that are scored.
  var classes: [Int32] {
    switch answers {
    case .classes(let classes): classes
    case .numbers, .forecast: []
    case .steps, .following:
      (0..<count).flatMap { stepClasses($0).filter { $0 >= 0 } }
    }
  }

  /// The numbers that are asked for, one sequence after the other.
  var numbers: [Float] {
    guard case .numbers(let numbers) = answers else { return [] }
    return numbers.scaled
  }
}

extension Tally {
  /// Adds an answer to a class whose loss is known.
  mutating func add(answer: Int, target: Int, loss: Double) {
    add(loss: loss)
    add(answer: answer, target: target, 0)
  }
}
