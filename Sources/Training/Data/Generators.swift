internal import Philox

/// Synthetic tasks with long time lags (Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997):
/// what a network must remember is far from where it is asked.
public enum Generator: String, Codable, Hashable, Sendable, CaseIterable {
  /// Experiment 1: a string of the embedded Reber grammar up to the symbol that the second one decides.
  case reber
  /// Experiment 4: add the two marked numbers of a sequence.
  case adding
  /// Repeat what was seen at the start, after a delay.
  case copy
  /// Experiment 6a: classify by the order of two relevant symbols; four classes.
  case temporalOrder = "temporal-order"
  /// Experiment 6b: three relevant symbols; eight classes.
  case temporalOrder3 = "temporal-order-3"

  /// The least length that leaves room for what matters.
  public var minimumLength: Int {
    switch self {
    case .reber: 7
    case .adding: 4
    case .copy: 1
    case .temporalOrder, .temporalOrder3: 10
    }
  }

  /// Makes a dataset: always the same for the same numbers.
  ///
  /// - Parameters:
  ///   - count: The number of examples.
  ///   - length: `adding` and `temporal-order`: the least length T, the longest being T + T/10, as in
  ///     the paper. `copy`: the steps between the symbols and the request for them. `reber`: the least
  ///     length; a string that is too short goes on where the grammar lets it.
  ///   - seed: The seed.
  /// - Returns: A dataset whose name tells the task and the length.
  /// - Throws: ``PlanError`` if the count or the length is out of range.
  public func dataset(count: Int, length: Int, seed: UInt64) throws(PlanError) -> Dataset {
    try PlanError.require(count, in: 1...100_000_000, "count")
    try PlanError.require(length, in: minimumLength...1_000_000, "length")
    let name = "\(rawValue)-\(length)"
    let philox = Philox(seed: seed)
    // Each example has random numbers of its own: a longer dataset begins with a shorter one.
    let sequences = (0..<count).lazy.map { philox.sequence(.generator, step: UInt32($0)) }
    switch self {
    case .reber:
      var inputs: [[Int32]] = []
      var labels: [String] = []
      for var random in sequences {
        let example = Self.reber(length, &random)
        inputs.append(example.symbols)
        labels.append(example.label)
      }
      return Dataset(name: name, inputs: .symbols(inputs, alphabet: 7), labels: labels)
    case .adding:
      var inputs: [[Float]] = []
      var sums: [Float] = []
      for var random in sequences {
        let example = Self.adding(length, &random)
        inputs.append(example.values)
        sums.append(example.answer)
      }
      return Dataset(
        name: name, inputs: .values(inputs, channels: ["value", "marker"]),
        targets: .numbers(sums, width: 1))
    case .copy:
      var inputs: [[Int32]] = []
      var answers: [[Int32]] = []
      for var random in sequences {
        let payload = (0..<Self.copied).map { _ in Int32(random.index(below: 8)) }
        inputs.append(
          payload + [Int32](repeating: 8, count: length - 1) + [9]
            + [Int32](repeating: 8, count: payload.count))
        answers.append([Int32](repeating: -1, count: payload.count + length) + payload)
      }
      return Dataset(
        name: name, inputs: .symbols(inputs, alphabet: 10), targets: .steps(answers, classes: 8))
    case .temporalOrder, .temporalOrder3:
      let relevant = self == .temporalOrder ? 2 : 3
      var inputs: [[Int32]] = []
      var labels: [String] = []
      for var random in sequences {
        let example = Self.temporalOrder(length, relevant: relevant, &random)
        inputs.append(example.symbols)
        labels.append(example.label)
      }
      return Dataset(name: name, inputs: .symbols(inputs, alphabet: 8), labels: labels)
    }
  }

  /// Symbols: 0 to 6 are B, T, P, S, X, V and E. After B T or B P comes a whole string of the Reber
  /// grammar; what must follow, T or P, is the label.
  private static func reber(
    _ least: Int, _ random: inout RandomSequence
  ) -> (symbols: [Int32], label: String) {
    // From each state of Reber's (1967) graph two ways, the one to the end (5) last: symbol, next state.
    let ways: [[(symbol: Int32, state: Int)]] = [
      [(2, 2), (1, 1)], [(3, 1), (4, 3)], [(1, 2), (5, 4)], [(4, 2), (3, 5)], [(2, 3), (5, 5)],
    ]
    let isT = random.index(below: 2) == 0
    var symbols: [Int32] = [0, isT ? 1 : 2, 0]
    var state = 0
    while state != 5 {
      let ending = ways[state][1].state == 5
      // What is left: this symbol and E.
      let mustGoOn = ending && symbols.count + 2 < least
      let way = ways[state][mustGoOn ? 0 : random.index(below: 2)]
      symbols.append(way.symbol)
      state = way.state
    }
    return (symbols + [6], isT ? "T" : "P")
  }

  /// Symbols to be repeated by `copy`.
  private static let copied = 10

  private static func length(_ least: Int, _ random: inout RandomSequence) -> Int {
    least + random.index(below: least / 10 + 1)
  }

  /// Values from -1 to 1, beside them a marker: 1 at two steps, one among the first ten and one in the
  /// first half; -1 at both ends; else 0. The answer is 0.5 + (X1 + X2) / 4 of the marked values X1
  /// and X2. If the first step is marked, its -1 gives way and X1 counts as zero, as in the paper.
  private static func adding(
    _ least: Int, _ random: inout RandomSequence
  ) -> (values: [Float], answer: Float) {
    let length = length(least, &random)
    var values: [Float] = []
    for _ in 0..<length {
      values.append(Float(2 * random.uniform() - 1))
      values.append(0)
    }
    values[1] = -1
    values[2 * length - 1] = -1
    let first = random.index(below: min(10, length / 2))
    // The second mark: any unmarked step of the first half.
    var second = random.index(below: max(least / 2 - 1, 1))
    if second >= first { second += 1 }
    var sum: Float = 0
    for step in [first, second] {
      values[2 * step + 1] = 1
      if step != 0 { sum += values[2 * step] }
    }
    return (values, 0.5 + sum / 4)
  }

  /// Symbols: 0 to 3 are distractors, 4 and 5 the relevant X and Y, 6 begins a sequence, 7 ends it.
  /// The relevant ones are each at a random step in a tenth of the sequence of their own: from 1/10
  /// and 5/10 for two, from 1/10, 1/3 and 2/3 for three (the paper: steps 10-20, 33-43, 66-76).
  private static func temporalOrder(
    _ least: Int, relevant: Int, _ random: inout RandomSequence
  ) -> (symbols: [Int32], label: String) {
    let length = length(least, &random)
    var symbols = (0..<length).map { _ in Int32(random.index(below: 4)) }
    symbols[0] = 6
    symbols[length - 1] = 7
    var label = ""
    let tenth = least / 10
    for place in relevant == 2 ? [tenth, 5 * tenth] : [tenth, least / 3, 2 * least / 3] {
      let isX = random.index(below: 2) == 0
      symbols[place + random.index(below: tenth)] = isX ? 4 : 5
      label += isX ? "X" : "Y"
    }
    return (symbols, label)
  }
}
