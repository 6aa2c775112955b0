/// Which part of a run an example belongs to.
public enum Split: String, Codable, Hashable, Sendable, CaseIterable {
  /// Fits the weights, the vocabulary and the scaling.
  case train
  /// Chooses among epochs and trials.
  case validation
  /// Is looked at once, at the end.
  case test

  /// The split that a word of a file means, or nil.
  public init?(word: String) {
    switch word.lowercased() {
    case "train", "training": self = .train
    case "validation", "valid", "val", "dev": self = .validation
    case "test": self = .test
    default: return nil
    }
  }
}

/// Examples with an input each and, mostly, a target each: what a user fetched, imported or generated.
///
/// A long text and a long numeric series are datasets of one example without a target. A value that
/// was not measured is not a number. The name is no part of the content: two datasets with the same
/// content have the same version.
public struct Dataset: Hashable, Sendable {
  /// What the models read, one element an example.
  public enum Inputs: Hashable, Sendable {
    /// Texts, which a plan makes into words or characters.
    case texts(Texts)
    /// Sequences over the symbols 0..<alphabet.
    case symbols(NumberSequences<Int32>, alphabet: Int)
    /// Numeric sequences: the values of a step lie together, `channels.count` a step.
    case values(NumberSequences<Float>, channels: [String])
    /// The same, where each value is a whole number from 0 to 255: a quarter of the memory.
    case bytes(ByteSequences, channels: [String])
  }

  /// What the models answer, one element an example.
  public enum Targets: Hashable, Sendable {
    /// Nothing: the input itself is to be continued.
    case none
    /// One label an example, as an index into the sorted names.
    case labels([Int32], names: [String])
    /// `width` numbers an example.
    case numbers([Float], width: Int)
    /// A class for each step, -1 where none is asked.
    case steps(NumberSequences<Int32>, classes: Int)
  }

  /// What a user calls it.
  public var name: String
  /// What the models read.
  public let inputs: Inputs
  /// What the models answer.
  public let targets: Targets
  /// The split of each example, where the file gives one.
  public let splits: [Split]?
  /// When each step of each example was measured, in seconds since 1970 by the clock of the data, if
  /// that is known; only for values.
  public let times: NumberSequences<Int64>?
  /// What each series is called, where the file of several says it.
  public let names: [String]?

  /// A dataset of examples that fit together.
  ///
  /// - Precondition: Every part has one element an example, the indices and shapes agree.
  public init(
    name: String, inputs: Inputs, targets: Targets, splits: [Split]? = nil,
    times: NumberSequences<Int64>? = nil, names: [String]? = nil
  ) {
    self.name = name
    self.inputs = inputs
    self.targets = targets
    self.splits = splits
    self.times = times
    self.names = names
    if let fault = fault { preconditionFailure("a dataset whose \(fault)") }
  }

  /// A dataset with a label for each example, whose names are collected and sorted.
  public init(
    name: String, inputs: Inputs, labels: [String], splits: [Split]? = nil,
    times: NumberSequences<Int64>? = nil
  ) {
    let names = Set(labels).sorted()
    let index = Dictionary(uniqueKeysWithValues: zip(names, 0...))
    let indices = labels.map { Int32(index[$0] ?? 0) }
    self.init(
      name: name, inputs: inputs, targets: .labels(indices, names: names), splits: splits,
      times: times)
  }

  /// The number of examples.
  public var count: Int { inputs.count }

  /// What contradicts what, or nil.
  var fault: String? {
    Self.fault(inputs: inputs, targets: targets, splits: splits, times: times, names: names)
  }

  static func fault(
    inputs: Inputs, targets: Targets, splits: [Split]?, times: NumberSequences<Int64>?,
    names: [String]?
  ) -> String? {
    switch inputs {
    case .texts: break
    case .symbols(let sequences, let alphabet):
      let range = 0..<Int32(clamping: max(alphabet, 0))
      if !sequences.allSatisfy({ $0.allSatisfy(range.contains) }) {
        return "symbols are not all below the alphabet's size, \(alphabet)"
      }
    case .values(let sequences, let channels):
      if let fault = fault(sequences, channels) { return fault }
    case .bytes(let sequences, let channels):
      if let fault = fault(sequences, channels) { return fault }
    }
    if let times {
      if inputs.kind != "values" || times.lengths != inputs.lengths {
        return "times are not one a step"
      }
      if !times.areRising() { return "times do not rise" }
    }
    if let splits, splits.count != inputs.count { return "splits are not one an example" }
    if let names, names.count != inputs.count { return "names are not one an example" }
    switch targets {
    case .none: break
    case .labels(let indices, let names):
      if indices.count != inputs.count { return "labels are not one an example" }
      let range = 0..<Int32(clamping: names.count)
      if !indices.allSatisfy(range.contains) { return "labels have no name" }
    case .numbers(let numbers, let width):
      if width < 1 || numbers.count != inputs.count * width {
        return "numbers are not \(width) an example"
      }
    case .steps(let sequences, let classes):
      let range = -1..<Int32(clamping: max(classes, 0))
      if !sequences.allSatisfy({ $0.allSatisfy(range.contains) }) {
        return "classes of the steps are not all below \(classes)"
      }
      if sequences.lengths != inputs.lengths {
        return "steps have not one class each"
      }
    }
    return nil
  }

  private static func fault<Number>(
    _ sequences: NumberSequences<Number>, _ channels: [String]
  ) -> String? {
    if channels.isEmpty { return "values have no channel" }
    return sequences.areWhole(steps: channels.count)
      ? nil : "values do not fill whole steps of \(channels.count) channels"
  }
}

extension Dataset.Inputs {
  /// The number of examples.
  public var count: Int {
    switch self {
    case .texts(let texts): texts.count
    case .symbols(let sequences, _): sequences.count
    case .values(let sequences, _): sequences.count
    case .bytes(let sequences, _): sequences.count
    }
  }

  /// The steps of each example; for a text its Unicode scalars, since its words depend on a plan.
  public var lengths: [Int] {
    switch self {
    case .texts(let texts): texts.indices.map { texts.scalarCount($0) }
    case .symbols(let sequences, _): sequences.lengths
    case .values(let sequences, let channels):
      sequences.lengths.map { $0 / channels.count }
    case .bytes(let sequences, let channels):
      sequences.lengths.map { $0 / channels.count }
    }
  }

  /// The word for this kind of input in headers and messages.
  public var kind: String {
    switch self {
    case .texts: "text"
    case .symbols: "symbols"
    case .values, .bytes: "values"
    }
  }

  /// The names of the channels of values; nil for other inputs.
  public var channels: [String]? {
    switch self {
    case .texts, .symbols: nil
    case .values(_, let channels), .bytes(_, let channels): channels
    }
  }

  /// The values of an example, step by step; none of other inputs.
  func values(_ example: Int) -> [Float] {
    switch self {
    case .texts, .symbols: []
    case .values(let sequences, _): sequences[example]
    case .bytes(let sequences, _): sequences[example].map { Float($0) }
    }
  }

  /// Some of the values of all examples, one example after the other; none of other inputs.
  func values(_ range: Range<Int>) -> [Float] {
    switch self {
    case .texts, .symbols: []
    case .values(let sequences, _): sequences[values: range]
    case .bytes(let sequences, _): sequences[values: range].map { Float($0) }
    }
  }

  /// The same values in steps of `width` channels; nil if they do not fill whole steps or are none.
  func regrouped(width: Int) -> Self? {
    let names = (1...width).map { "channel \($0)" }
    switch self {
    case .texts, .symbols: return nil
    case .values(let sequences, _):
      return sequences.areWhole(steps: width) ? .values(sequences, channels: names) : nil
    case .bytes(let sequences, _):
      return sequences.areWhole(steps: width) ? .bytes(sequences, channels: names) : nil
    }
  }
}

extension Dataset.Targets {
  /// The word for this kind of target in headers and messages.
  public var kind: String {
    switch self {
    case .none: "none"
    case .labels: "label"
    case .numbers: "number"
    case .steps: "steps"
    }
  }
}
