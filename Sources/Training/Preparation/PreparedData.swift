/// Sequences of one split as a model reads them. They lie in one array and may overlap there.
public struct Sequences: Sendable {
  /// What the steps consist of.
  public enum Elements: Sendable {
    /// An index a step.
    case tokens(CompactIndices)
    /// Symbols as the dataset has them.
    case symbols(NumberSequences<Int32>)
    /// Consecutive values of `channels` a step.
    case values(NumberSequences<Float>, channels: Int)
    /// Values as the dataset has them, which are made into a model's input when they are read.
    case stored(NumberSequences<Float>, Encoding)
    /// Bytes as the dataset has them, which are scaled when they are read.
    case bytes(ByteSequences, Scale)
  }

  /// What is asked.
  public enum Answers: Sendable {
    /// A class for each sequence.
    case classes([Int32])
    /// Some numbers for each sequence.
    case numbers(NumberAnswers)
    /// What follows in a series.
    case forecast(ForecastAnswers)
    /// A class for each step of ``Elements``, -1 where none is asked.
    case steps(NumberSequences<Int32>)
    /// At each step the token that follows.
    case following
  }

  /// All steps.
  public let elements: Elements
  /// The first step of each sequence.
  public let starts: IndexColumn
  /// The steps of each sequence, all positive.
  public let lengths: IndexColumn
  /// What is asked.
  public let answers: Answers
  /// The example of the dataset from which each sequence comes.
  public let rows: IndexColumn

  init(
    elements: Elements, starts: IndexColumn, lengths: IndexColumn, answers: Answers,
    rows: IndexColumn
  ) {
    self.elements = elements
    self.starts = starts
    self.lengths = lengths
    self.answers = answers
    self.rows = rows
  }

  /// The number of sequences.
  public var count: Int { starts.count }
  /// The steps of all sequences together.
  public var stepCount: Int { lengths.reduce(0, +) }

  /// The channels of a step of values; 1 if the steps are tokens.
  var channelCount: Int {
    switch elements {
    case .tokens, .symbols: 1
    case .values(_, let channels): channels
    case .stored(_, let encoding): encoding.inputWidth
    case .bytes(_, let scale): scale.means.count
    }
  }

  /// The tokens of a sequence; none if the steps are values.
  public func tokens(_ sequence: Int) -> [Int32] {
    let steps = starts[sequence]..<starts[sequence] + lengths[sequence]
    switch elements {
    case .tokens(let tokens): return tokens[range: steps]
    case .symbols(let symbols): return symbols[values: steps]
    case .values, .stored, .bytes: return []
    }
  }

  /// The classes that are asked at the steps of a sequence, -1 where none is; none if the steps are not
  /// asked.
  public func stepClasses(_ sequence: Int) -> [Int32] {
    let steps = starts[sequence]..<starts[sequence] + lengths[sequence]
    switch (answers, elements) {
    case (.steps(let classes), _): return classes[values: steps]
    case (.following, .tokens(let tokens)): return tokens.following[range: steps]
    default: return []
    }
  }

  /// The values of a sequence; none if the steps are tokens.
  public func values(_ sequence: Int) -> ArraySlice<Float> {
    switch elements {
    case .tokens, .symbols: return []
    case .values(let values, let channels):
      let start = starts[sequence] * channels
      return values[values: start..<start + lengths[sequence] * channels][...]
    case .stored(let numbers, let encoding):
      let channels = encoding.channels?.count ?? 1
      let start = starts[sequence] * channels
      return encoding.modelInput(
        numbers[values: start..<start + lengths[sequence] * channels][...])[...]
    case .bytes(let bytes, let scale):
      let channels = scale.means.count
      let start = starts[sequence] * channels
      return bytes.withBytes(start..<start + lengths[sequence] * channels) {
        scale.apply($0)[...]
      }
    }
  }
}

/// Numbers that are asked of sequences, one sequence after the other.
public struct NumberAnswers: Sendable {
  /// The numbers of a sequence.
  public let width: Int
  /// As a model is to answer them.
  public let scaled: [Float]
  /// As the data has them: undoing the scale would leave an error of rounding.
  let raw: [Float]

  init(_ raw: [Float], width: Int, _ scale: Scale) {
    (self.raw, self.width) = (raw, width)
    scaled = stride(from: 0, to: raw.count, by: width).flatMap { scale.apply(raw[$0..<$0 + width]) }
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

  /// Fits rows of `width` numbers; what is not a number counts for nothing.
  static func fitting(_ columns: some Sequence<ArraySlice<Float>>, width: Int) -> Scale {
    var counts = [Double](repeating: 0, count: width)
    var sums = [Double](repeating: 0, count: width)
    for rows in columns {
      for (offset, value) in rows.enumerated() where !value.isNaN {
        sums[offset % width] += Double(value)
        counts[offset % width] += 1
      }
    }
    let means = zip(sums, counts).map { $0 / max($1, 1) }
    var squares = [Double](repeating: 0, count: width)
    for rows in columns {
      for (offset, value) in rows.enumerated() where !value.isNaN {
        let difference = Double(value) - means[offset % width]
        squares[offset % width] += difference * difference
      }
    }
    let deviations = zip(squares, counts).map { ($0 / max($1, 1)).squareRoot() }
    return Scale(
      means: means, deviations: zip(deviations, means).map { $0 > 1e-12 * abs($1) ? $0 : 1 })
  }

  /// Fits rows of `width` numbers as a plan wants it.
  static func fitting(
    _ columns: some Sequence<ArraySlice<Float>>, width: Int, _ scaling: DataPlan.Scaling
  ) -> Scale {
    switch scaling {
    case .none: return .identity(width: width)
    case .standard: return fitting(columns, width: width)
    case .joint:
      let one = fitting(columns, width: 1)
      return Scale(
        means: [Double](repeating: one.means[0], count: width),
        deviations: [Double](repeating: one.deviations[0], count: width))
    case .range:
      var lows = [Double](repeating: .infinity, count: width)
      var highs = [Double](repeating: -.infinity, count: width)
      for rows in columns {
        for (offset, value) in rows.enumerated() where !value.isNaN {
          lows[offset % width] = min(lows[offset % width], Double(value))
          highs[offset % width] = max(highs[offset % width], Double(value))
        }
      }
      return Scale(
        means: lows.map { $0.isFinite ? $0 : 0 },
        deviations: zip(lows, highs).map { low, high in
          high - low > 1e-12 * max(abs(low), abs(high)) ? high - low : 1
        })
    }
  }

  /// Scales rows of as many numbers as there are columns.
  func apply(_ values: some Collection<Float>) -> [Float] { apply(values) { Double($0) } }

  /// Scales rows of bytes.
  func apply(_ bytes: UnsafeRawBufferPointer) -> [Float] { apply(bytes) { Double($0) } }

  @inline(__always)
  private func apply<Rows: Collection>(
    _ rows: Rows, _ number: (Rows.Element) -> Double
  ) -> [Float] {
    let width = means.count
    return [Float](unsafeUninitializedCapacity: rows.count) { scaled, count in
      var column = 0
      for (index, value) in rows.enumerated() {
        scaled.initializeElement(
          at: index, to: Float((number(value) - means[column]) / deviations[column]))
        column = column + 1 == width ? 0 : column + 1
      }
      count = rows.count
    }
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
  /// What a model sees of values beside the channels, and how gaps are filled; nil: there is no gap.
  public var features: ValueFeatures?
  /// What else a forecast needs.
  public var forecast: ForecastEncoding?

  /// The channels that a model sees; 1 if the input is tokens.
  public var inputWidth: Int { (channels?.count ?? 1) + (features?.addedWidth ?? 0) }

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
