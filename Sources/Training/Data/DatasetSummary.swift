/// What `dataset show` says of a dataset.
public struct DatasetSummary: Codable, Hashable, Sendable {
  /// A name and how many examples bear it.
  public struct Count: Codable, Hashable, Sendable {
    /// The label or the split.
    public var name: String
    /// How many examples.
    public var count: Int
  }

  /// How long the examples are.
  public struct Lengths: Codable, Hashable, Sendable {
    /// The shortest.
    public var minimum: Int
    /// The middle one; the lower of two.
    public var median: Int
    /// The longest.
    public var maximum: Int
  }

  /// The number of examples.
  public var rows: Int
  /// `text`, `symbols` or `values`.
  public var input: String
  /// `label`, `number`, `steps` or `none`.
  public var target: String
  /// The names of the channels of values.
  public var channels: [String]?
  /// The number of symbols.
  public var alphabet: Int?
  /// The labels, most frequent first.
  public var labels: [Count]
  /// The splits that the file gives.
  public var splits: [Count]
  /// Steps of an example; of a text its characters.
  public var lengths: Lengths?
  /// Examples whose input is the same as an earlier one's.
  public var duplicates: Int
  /// The task that a plan gets when it names none.
  public var task: DataPlan.Task
}

extension Dataset {
  /// Rows, labels, lengths, duplicates and splits.
  public var summary: DatasetSummary {
    var labels: [DatasetSummary.Count] = []
    if case .labels(let indices, let names) = targets {
      var counts = [Int](repeating: 0, count: names.count)
      for index in indices { counts[Int(index)] += 1 }
      labels = zip(names, counts).map { DatasetSummary.Count(name: $0, count: $1) }
        .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
    let given = Split.allCases.compactMap { split -> DatasetSummary.Count? in
      let count = splits?.count { $0 == split } ?? 0
      return count == 0 ? nil : DatasetSummary.Count(name: split.rawValue, count: count)
    }
    let lengths = inputs.lengths.sorted()
    var channels: [String]?
    var alphabet: Int?
    switch inputs {
    case .texts: break
    case .symbols(_, let size): alphabet = size
    case .values(_, let names), .bytes(_, let names): channels = names
    }
    return DatasetSummary(
      rows: count, input: inputs.kind, target: targets.kind, channels: channels,
      alphabet: alphabet, labels: labels, splits: given,
      lengths: lengths.isEmpty
        ? nil
        : DatasetSummary.Lengths(
          minimum: lengths[0], median: lengths[(lengths.count - 1) / 2],
          maximum: lengths[lengths.count - 1]),
      duplicates: inputs.duplicates(among: Array(0..<count)).count, task: inferredTask)
  }
}

extension Dataset.Inputs {
  /// Those of `rows` whose input is the same as that of a row before them, with that row.
  func duplicates(among rows: [Int]) -> [Int: Int] {
    switch self {
    case .texts(let texts):
      Self.repeats(rows, hash: { texts[$0].hashValue }, areSame: { texts[$0] == texts[$1] })
    case .symbols(let sequences, _): Self.repeats(rows, of: sequences)
    case .values(let sequences, _): Self.repeats(rows, of: sequences)
    case .bytes(let sequences, _): Self.repeats(rows, of: sequences)
    }
  }

  private static func repeats<Number>(
    _ rows: [Int], of sequences: NumberSequences<Number>
  ) -> [Int: Int] {
    repeats(rows, hash: { sequences.hashValue(of: $0) }, areSame: { sequences.areSame($0, $1) })
  }

  private static func repeats(
    _ rows: [Int], hash: (Int) -> Int, areSame: (Int, Int) -> Bool
  ) -> [Int: Int] {
    // A text alone may be a whole file: it is not looked at.
    guard rows.count > 1 else { return [:] }
    // A table of rows, not a dictionary of inputs, which would hold each of them in memory.
    var slots = [Int32](repeating: -1, count: 16)
    while slots.count < 2 * rows.count { slots = [Int32](repeating: -1, count: 2 * slots.count) }
    var hashes = [Int32](repeating: 0, count: slots.count)
    var repeats: [Int: Int] = [:]
    for row in rows {
      let found = hash(row)
      let short = Int32(truncatingIfNeeded: found >> 32)
      var slot = found & (slots.count - 1)
      while slots[slot] >= 0 {
        if hashes[slot] == short, areSame(Int(slots[slot]), row) { break }
        slot = (slot + 1) & (slots.count - 1)
      }
      if slots[slot] >= 0 {
        repeats[row] = Int(slots[slot])
      } else {
        (slots[slot], hashes[slot]) = (Int32(row), short)
      }
    }
    return repeats
  }
}
