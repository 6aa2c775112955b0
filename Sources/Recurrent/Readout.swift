/// What the head reads of the top layer's states.
final class Readout<S: Scalar> {
  private let kernels = S.kernels
  private let kind: ModelPlan.Readout
  private let units: Int
  private let features = Matrix<S>()
  private let stateGradient = Matrix<S>()
  /// [B, width]: for `max`, the rows of the largest values.
  private var places: [Int32] = []

  init(_ plan: ModelPlan) {
    kind = plan.readout
    units = plan.outputWidth
  }

  /// R, the rows of the result.
  func rowCount(_ batch: PackedBatch<S>) -> Int {
    kind == .every ? batch.rowCount : batch.sequenceCount
  }

  /// [R, H] of the states [N, H].
  func forward(
    _ states: UnsafeMutablePointer<S>, _ batch: PackedBatch<S>
  ) -> UnsafeMutablePointer<S> {
    switch kind {
    case .every:
      return states
    case .last:
      features.reshape(rows: batch.sequenceCount, columns: units)
      kernels.rowsGather(features.rows, units, batch.lastRows, states, features.pointer)
    case .max:
      features.reshape(rows: batch.sequenceCount, columns: units)
      if places.count < features.count { places = Array(repeating: 0, count: features.count) }
      kernels.rowsLargest(
        batch.rowCount, units, batch.owners, states, features.pointer, &places)
    case .mean:
      features.reshape(rows: batch.sequenceCount, columns: units)
      features.zero()
      kernels.rowsScatterAdd(
        batch.rowCount, units, batch.owners, batch.reciprocalLengths, states, features.pointer)
    }
    return features.pointer
  }

  /// The gradient [N, H] of the states, given that [R, H] of the result.
  func backward(
    _ upstream: UnsafeMutablePointer<S>, _ batch: PackedBatch<S>
  ) -> UnsafeMutablePointer<S> {
    if kind == .every { return upstream }
    stateGradient.reshape(rows: batch.rowCount, columns: units)
    if kind == .last {
      stateGradient.zero()
      kernels.rowsScatterAdd(
        batch.sequenceCount, units, batch.lastRows, nil, upstream, stateGradient.pointer)
    } else if kind == .max {
      stateGradient.zero()
      kernels.rowsSpreadLargest(
        batch.sequenceCount, units, upstream, places, stateGradient.pointer)
    } else {
      kernels.rowsSpread(
        batch.rowCount, units, batch.owners, batch.reciprocalLengths, upstream,
        stateGradient.pointer)
    }
    return stateGradient.pointer
  }
}
