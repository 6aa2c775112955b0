/// Sequences of one split as a model reads them. They lie in one array and may overlap there.
public struct Sequences: Sendable {
  /// What the steps consist of.
  public enum Elements: Sendable {
    /// An index a step.
    case tokens([Int32])
    /// Consecutive values of `channels` a step.
    case values([Float], channels: Int)
  }

  /// What is asked.
  public enum Answers: Sendable {
    /// A class for each sequence.
    case classes([Int32])
    /// `width` numbers for each sequence, one sequence after the other, scaled.
    case numbers([Float], width: Int)
    /// A class for each step of ``Elements``, -1 where none is asked.
    case steps([Int32])
  }

  /// All steps.
  public let elements: Elements
  /// The first step of each sequence.
  public let starts: [Int]
  /// The steps of each sequence, all positive.
  public let lengths: [Int]
  /// What is asked.
  public let answers: Answers
  /// The example of the dataset from which each sequence comes.
  public let rows: [Int]

  /// The number of sequences.
  public var count: Int { starts.count }
  /// The steps of all sequences together.
  public var stepCount: Int { lengths.reduce(0, +) }

  /// The tokens of a sequence; none if the steps are values.
  public func tokens(_ sequence: Int) -> ArraySlice<Int32> {
    guard case .tokens(let tokens) = elements else { return [] }
    return tokens[starts[sequence]..<starts[sequence] + lengths[sequence]]
  }

  /// The values of a sequence; none if the steps are tokens.
  public func values(_ sequence: Int) -> ArraySlice<Float> {
    guard case .values(let values, let channels) = elements else { return [] }
    let start = starts[sequence] * channels
    return values[start..<start + lengths[sequence] * channels]
  }
}

/// Mean and standard deviation of each column of numbers.
public struct Scale: Codable, Hashable, Sendable {
  /// What is subtracted.
  public var means: [Double]
  /// What is divided by; 1 for a column that never changes.
  public var deviations: [Double]

  /// A scale of columns with these means and deviations.
  ///
  /// - Parameters:
  ///   - means: What is subtracted.
  ///   - deviations: What is divided by, none of them zero.
  public init(means: [Double], deviations: [Double]) {
    self.means = means
    self.deviations = deviations
  }

  /// Changes nothing.
  public static func identity(width: Int) -> Scale {
    Scale(
      means: [Double](repeating: 0, count: width),
      deviations: [Double](repeating: 1, count: width))
  }

  /// Fits rows of `width` numbers.
  static func fitting(_ columns: some Sequence<ArraySlice<Float>>, width: Int) -> Scale {
    var count = 0.0
    var sums = [Double](repeating: 0, count: width)
    for rows in columns {
      for (offset, value) in rows.enumerated() { sums[offset % width] += Double(value) }
      count += Double(rows.count / width)
    }
    let means = sums.map { $0 / max(count, 1) }
    var squares = [Double](repeating: 0, count: width)
    for rows in columns {
      for (offset, value) in rows.enumerated() {
        let difference = Double(value) - means[offset % width]
        squares[offset % width] += difference * difference
      }
    }
    let deviations = squares.map { ($0 / max(count, 1)).squareRoot() }
    return Scale(means: means, deviations: deviations.map { $0 > 1e-12 ? $0 : 1 })
  }

  /// Scales rows of as many numbers as there are columns.
  func apply(_ values: some Collection<Float>) -> [Float] {
    let width = means.count
    var scaled: [Float] = []
    scaled.reserveCapacity(values.count)
    for (offset, value) in values.enumerated() {
      let column = offset % width
      scaled.append(Float((Double(value) - means[column]) / deviations[column]))
    }
    return scaled
  }

  /// The number that a scaled number of a column stands for.
  func restore(_ value: Float, column: Int) -> Double {
    Double(value) * deviations[column] + means[column]
  }
}

/// What turns raw inputs into a model's inputs and its outputs into answers: all that a prediction
/// needs beside the weights and the vocabulary.
public struct Encoding: Codable, Hashable, Sendable {
  /// What the model learns.
  public var task: DataPlan.Task
  /// What a text is cut into; nil if the input is no text.
  public var tokens: DataPlan.Tokens?
  /// The number of token indices; nil if the input is values.
  public var vocabularySize: Int?
  /// The names of the channels; nil if the input is tokens.
  public var channels: [String]?
  /// The most steps of a sequence.
  public var maximumLength: Int?
  /// Which end of a longer one survives.
  public var keep: DataPlan.Keep
  /// The classes; those of steps are numbers.
  public var labels: [String]?
  /// The index of the label for which precision, recall and F1 are meant, if there are two: the rarer
  /// one in the training split; of equally frequent ones the later in the alphabet.
  public var positive: Int?
  /// The scale of the channels.
  public var inputScale: Scale?
  /// The scale of the numbers that are predicted.
  public var targetScale: Scale?
  /// The channel that is forecast.
  public var targetChannel: Int?
  /// The width of a model's result.
  public var outputs: Int

  /// The label for which precision, recall and F1 are meant, if there are two.
  public var positiveLabel: String? {
    guard let positive, let labels else { return nil }
    return labels[positive]
  }
}

/// A dataset made ready by a plan: the same for every trial of a sweep, shared between threads.
public struct PreparedData: Sendable {
  /// The plan with everything filled in.
  public let plan: DataPlan
  /// The version of the dataset.
  public let datasetVersion: String
  /// What turns raw inputs into a model's inputs and its outputs into answers.
  public let encoding: Encoding
  /// The tokens of texts.
  public let vocabulary: Vocabulary?
  /// Fits the weights.
  public let train: Sequences
  /// Chooses the best epoch.
  public let validation: Sequences
  /// Is looked at once, at the end.
  public let test: Sequences
  /// What was dropped, cut and not known, a sentence each.
  public let notes: [String]

  /// The sequences of a split.
  public subscript(split: Split) -> Sequences {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }
}
