/// The order in which a layer walks over a packed batch, and where each step finds the one before.
///
/// States lie in B + N rows: first the initial ones, one for each sequence, then those of the rows
/// of the batch. The sequences of a step are the first ones of the step before, so their former
/// states are a run of rows and need no gathering.
struct Unrolling {
  struct Step {
    var index: Int
    /// B_t.
    var rows: Int
    /// The first row of the step in the batch.
    var start: Int
    /// The first row of the former states.
    var previous: Int
    /// The first row of the new states.
    var current: Int
    /// The index of the step's chunk.
    var chunk: Int
  }

  /// Some successive steps, whose products over time are done together while their gates are in the
  /// cache.
  struct Chunk {
    var steps: Range<Int>
    /// The first row in the batch.
    var start: Int
    var rows: Int
  }

  /// Rows of a chunk of short steps: many enough for a large product, few enough that the gates of a
  /// chunk stay in the second level of the cache.
  private let chunkRows: Int

  /// In the order of time.
  private(set) var steps: [Step] = []
  /// In the order of time.
  private(set) var chunks: [Chunk] = []
  /// B.
  private(set) var sequences = 0
  /// N.
  private(set) var rows = 0
  /// For each row, that of the same sequence as far from its end as the row is from its beginning.
  private(set) var reversed: [Int32] = []
  /// Of the sequences of a batch that is reversed.
  private var lengths: [Int] = []

  /// - Parameter plan: Products of bf16 are so fast that large weights take longer to read, and their
  ///   gradients to be added to, than they take to multiply: the more units, the more rows share that.
  init(_ plan: ModelPlan) {
    chunkRows = plan.precision == .bf16 ? min(max(128, plan.hidden), 512) : 128
  }

  mutating func lay<S>(_ batch: PackedBatch<S>, reverses: Bool) {
    sequences = batch.sequenceCount
    rows = batch.rowCount
    steps.removeAll(keepingCapacity: true)
    chunks.removeAll(keepingCapacity: true)
    var previous = 0
    var chunk = Chunk(steps: 0..<0, start: 0, rows: 0)
    for (index, (size, start)) in zip(batch.batchSizes, batch.offsets).enumerated() {
      if chunk.rows > 0 && chunk.rows + size > chunkRows {
        chunks.append(chunk)
        chunk = Chunk(steps: index..<index, start: start, rows: 0)
      }
      chunk.steps = chunk.steps.lowerBound..<index + 1
      chunk.rows += size
      steps.append(
        Step(
          index: index, rows: size, start: start, previous: previous, current: sequences + start,
          chunk: chunks.count))
      previous = sequences + start
    }
    chunks.append(chunk)
    if reverses { layReversed(batch) }
  }

  private mutating func layReversed<S>(_ batch: PackedBatch<S>) {
    reversed.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    for _ in 0..<sequences { lengths.append(0) }
    for size in batch.batchSizes { for place in 0..<size { lengths[place] += 1 } }
    for (step, size) in batch.batchSizes.enumerated() {
      for place in 0..<size {
        reversed.append(Int32(batch.offsets[lengths[place] - 1 - step] + place))
      }
    }
  }
}
