/// The order in which a layer walks over a packed batch, and where each step finds the one before.
///
/// States lie in B + N rows: first the initial ones, one for each sequence, then those of the rows
/// of the batch. The sequences of a step are the first ones of the step before, so their former
/// states are a run of rows and need no gathering.
struct Unrolling {
  struct Step {
    /// B_t.
    var rows: Int
    /// The first row of the step in the batch.
    var start: Int
    /// The first row of the former states.
    var previous: Int
    /// The first row of the new states.
    var current: Int
  }

  /// In the order of time.
  private(set) var steps: [Step] = []
  /// B.
  private(set) var sequences = 0
  /// N.
  private(set) var rows = 0
  /// The row of the former state of each row but those of the first step.
  private(set) var previousRows: [Int32] = []
  /// Whether the former states are one run of rows: all sequences have the same length.
  private(set) var isUniform = true

  mutating func lay<S>(_ batch: PackedBatch<S>) {
    sequences = batch.sequenceCount
    rows = batch.rowCount
    isUniform = batch.batchSizes.last == sequences
    steps.removeAll(keepingCapacity: true)
    previousRows.removeAll(keepingCapacity: true)
    var previous = 0
    for (size, start) in zip(batch.batchSizes, batch.offsets) {
      steps.append(
        Step(rows: size, start: start, previous: previous, current: sequences + start))
      if start > 0 && !isUniform {
        for row in previous..<previous + size { previousRows.append(Int32(row)) }
      }
      previous = sequences + start
    }
  }
}
