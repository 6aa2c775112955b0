/// What a stack of layers remembers between two batches: h, and c of an LSTM, of each sequence.
///
/// Legend: L layers times directions, B sequences in the batch's sorted order, H units.
public final class RecurrentState<S: Scalar> {
  /// L
  public let layers: Int
  /// Whether there is a c.
  public let hasMemory: Bool
  /// [L·B, H]
  public let hidden = Matrix<S>()
  /// [L·B, H], or empty.
  public let memory = Matrix<S>()
  /// B
  public private(set) var sequences = 0

  /// States of zero for no sequence.
  public init(_ plan: ModelPlan) {
    layers = plan.layers * plan.directions
    hasMemory = plan.cell == .lstm
    units = plan.hidden
  }

  private let units: Int

  /// Sets all states of `sequences` sequences to zero.
  public func reset(sequences: Int) {
    reshape(sequences)
    hidden.zero()
    memory.zero()
  }

  /// (h, c) of each layer and sequence side by side, [L·B, 2H]; h alone if there is no c. What
  /// TensorFlow calls a state that is no tuple.
  public var joined: [S] {
    get {
      guard hasMemory else { return hidden.elements }
      return (0..<hidden.rows).flatMap { row in
        Array(UnsafeBufferPointer(start: hidden.row(row), count: units))
          + Array(UnsafeBufferPointer(start: memory.row(row), count: units))
      }
    }
    set {
      let width = hasMemory ? 2 * units : units
      precondition(
        newValue.count.isMultiple(of: layers * width), "\(newValue.count) numbers make no state")
      reshape(newValue.count / layers / width)
      for row in 0..<hidden.rows {
        for unit in 0..<units {
          hidden.row(row)[unit] = newValue[row * width + unit]
          if hasMemory { memory.row(row)[unit] = newValue[row * width + units + unit] }
        }
      }
    }
  }

  /// Takes over the values of another state of the same model.
  public func assign(_ other: RecurrentState) {
    reshape(other.sequences)
    hidden.pointer.copy(from: other.hidden.pointer, count: hidden.count)
    memory.pointer.copy(from: other.memory.pointer, count: memory.count)
  }

  /// Copies the states of the first sequences.
  public func keep(sequences count: Int, into other: RecurrentState) {
    precondition(count <= sequences, "\(count) of \(sequences) sequences")
    other.reshape(count)
    for layer in 0..<layers {
      other.hidden.row(layer * count).copy(
        from: hidden.row(layer * sequences), count: count * units)
      guard hasMemory else { continue }
      other.memory.row(layer * count).copy(
        from: memory.row(layer * sequences), count: count * units)
    }
  }

  func reshape(_ sequences: Int) {
    self.sequences = sequences
    hidden.reshape(rows: layers * sequences, columns: units)
    memory.reshape(rows: hasMemory ? layers * sequences : 0, columns: units)
  }

  func layer(_ index: Int) -> LayerState<S> {
    LayerState(
      hidden: hidden.row(index * sequences),
      memory: hasMemory ? memory.row(index * sequences) : hidden.pointer)
  }
}

/// A state belongs to one thread at a time.
@available(*, unavailable)
extension RecurrentState: Sendable {}
