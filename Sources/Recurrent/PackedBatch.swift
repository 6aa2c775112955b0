/// Sequences of different lengths without padding, as PyTorch's packed sequence: sorted by
/// decreasing length, time-major. Step t has one row for each sequence longer than t.
///
/// Legend: B = sequences, T = longest length, B_t = rows of step t, N = sum of all B_t.
public struct PackedBatch<S: Scalar>: Sendable {
  /// B_t for each step: never increasing, all positive.
  public let batchSizes: [Int]
  /// The first row of each step.
  public let offsets: [Int]
  /// N indices into the vocabulary, or none if the batch holds values.
  public let tokens: [Int32]
  /// N rows of ``channels`` numbers, or none if the batch holds tokens.
  public let values: [S]
  /// The width of a row of ``values``; 0 if the batch holds tokens.
  public let channels: Int
  /// For each place in the sorted order, the index of the sequence as it was given.
  public let order: [Int]
  /// The row of the last step of each sequence, in the sorted order.
  let lastRows: [Int32]
  /// The sequence, in the sorted order, to which each row belongs.
  let owners: [Int32]
  /// 1 / length of each sequence, in the sorted order.
  let reciprocalLengths: [S]

  /// The number of sequences.
  public var sequenceCount: Int { batchSizes.first ?? 0 }
  /// The number of steps of the longest sequence.
  public var stepCount: Int { batchSizes.count }
  /// The number of rows.
  public var rowCount: Int { owners.count }

  /// The steps of each sequence, in the sorted order.
  var lengths: [Int] {
    var lengths = [Int](repeating: 0, count: sequenceCount)
    for size in batchSizes { for place in 0..<size { lengths[place] += 1 } }
    return lengths
  }

  /// Packs sequences of tokens. Sequences of the same length keep their order.
  ///
  /// - Precondition: There is a sequence, and none is empty.
  public init(tokens sequences: [[Int32]]) {
    let packing = Packing(lengths: sequences.map(\.count))
    var tokens: [Int32] = []
    tokens.reserveCapacity(packing.rowCount)
    packing.forEachRow { sequence, step in tokens.append(sequences[sequence][step]) }
    self.init(packing, tokens: tokens, values: [], channels: 0)
  }

  /// Packs sequences of rows of `channels` numbers, each sequence row by row.
  ///
  /// - Precondition: There is a sequence, none is empty, and all rows are whole.
  public init(values sequences: [[S]], channels: Int) {
    precondition(channels > 0, "a row has \(channels) channels")
    let packing = Packing(
      lengths: sequences.map { sequence in
        precondition(
          sequence.count.isMultiple(of: channels),
          "\(sequence.count) values do not make rows of \(channels)")
        return sequence.count / channels
      })
    var values: [S] = []
    values.reserveCapacity(packing.rowCount * channels)
    packing.forEachRow { sequence, step in
      values += sequences[sequence][step * channels..<(step + 1) * channels]
    }
    self.init(packing, tokens: [], values: values, channels: channels)
  }

  /// Some successive steps of all sequences that reach them: the first ones in the sorted order.
  public func steps(_ range: Range<Int>) -> PackedBatch {
    precondition(!range.isEmpty && range.upperBound <= stepCount, "steps \(range) of \(stepCount)")
    let start = offsets[range.lowerBound]
    let end = range.upperBound < stepCount ? offsets[range.upperBound] : rowCount
    return PackedBatch(piece: self, range, rows: start..<end)
  }

  private init(piece whole: PackedBatch, _ range: Range<Int>, rows: Range<Int>) {
    batchSizes = Array(whole.batchSizes[range])
    offsets = whole.offsets[range].map { $0 - rows.lowerBound }
    let count = whole.batchSizes[range.lowerBound]
    order = Array(whole.order.prefix(count))
    tokens = whole.tokens.isEmpty ? [] : Array(whole.tokens[rows])
    channels = whole.channels
    values =
      whole.values.isEmpty
      ? [] : Array(whole.values[rows.lowerBound * channels..<rows.upperBound * channels])
    owners = Array(whole.owners[rows])
    var lengths = [Int](repeating: 0, count: count)
    for size in batchSizes { for place in 0..<size { lengths[place] += 1 } }
    lastRows = lengths.enumerated().map { [offsets] place, length in
      Int32(offsets[length - 1] + place)
    }
    reciprocalLengths = lengths.map { 1 / S($0) }
  }

  private init(_ packing: Packing, tokens: [Int32], values: [S], channels: Int) {
    batchSizes = packing.batchSizes
    offsets = packing.offsets
    order = packing.order
    self.tokens = tokens
    self.values = values
    self.channels = channels
    lastRows = packing.lengths.enumerated().map { place, length in
      Int32(packing.offsets[length - 1] + place)
    }
    owners = packing.batchSizes.flatMap { 0..<Int32($0) }
    reciprocalLengths = packing.lengths.map { 1 / S($0) }
  }
}

/// How sequences lie in a batch, whatever they consist of.
private struct Packing {
  let order: [Int]
  /// In the sorted order.
  let lengths: [Int]
  let batchSizes: [Int]
  let offsets: [Int]
  let rowCount: Int

  init(lengths given: [Int]) {
    precondition(!given.isEmpty, "a batch needs a sequence")
    precondition(given.allSatisfy { $0 > 0 }, "a sequence of a batch is empty")
    order = given.indices.sorted { (given[$1], $0) < (given[$0], $1) }
    let lengths = order.map { given[$0] }
    self.lengths = lengths
    var sizes: [Int] = []
    var running = lengths.count
    for step in 0..<lengths[0] {
      while lengths[running - 1] <= step { running -= 1 }
      sizes.append(running)
    }
    batchSizes = sizes
    var offsets: [Int] = []
    var rows = 0
    for size in sizes {
      offsets.append(rows)
      rows += size
    }
    self.offsets = offsets
    rowCount = rows
  }

  func forEachRow(_ body: (_ sequence: Int, _ step: Int) -> Void) {
    for (step, size) in batchSizes.enumerated() {
      for place in 0..<size { body(order[place], step) }
    }
  }
}
