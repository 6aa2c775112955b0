/// One time step of a recurrent layer, after its products: all that a cell sees.
///
/// Legend: B_t = rows, H = units, G = gates of the cell.
struct CellStep<S: Scalar> {
  /// B_t, the sequences that are still running.
  var rows: Int
  /// H.
  var units: Int
  /// [B_t, G·H]: sums of products in, activations out; on the way back activations in, gradients of
  /// the sums out.
  var gates: UnsafeMutablePointer<S>
  /// [B_t, G·H]: the recurrent sums, if the cell keeps them apart.
  var product: UnsafeMutablePointer<S>
  /// [B_t, H]
  var previousHidden: UnsafeMutablePointer<S>
  /// [B_t, H]
  var hidden: UnsafeMutablePointer<S>
  /// [B_t, H]: c of the step before, if the cell has one.
  var previousMemory: UnsafeMutablePointer<S>
  /// [B_t, H]: c, if the cell has one.
  var memory: UnsafeMutablePointer<S>
  /// [B_t, H]: what the cell keeps for the way back, if anything.
  var kept: UnsafeMutablePointer<S>
}

/// The equations of one step. A cell knows nothing of time, of layers or of products: see
/// ``RecurrentLayer``.
protocol RecurrentCell<S> {
  associatedtype S: Scalar
  /// G, sums of products per unit.
  var gates: Int { get }
  /// Whether the recurrent sums must not be added to those of the input before the step.
  var keepsProductApart: Bool { get }
  /// Whether there is a state c beside h.
  var hasMemory: Bool { get }
  /// Whether the way back needs a value per unit beside the activations.
  var hasKept: Bool { get }

  func forward(_ step: CellStep<S>)

  /// Turns gates (and the product, if apart) into gradients of the sums.
  ///
  /// All others are [B_t, H]. `upstream` is the gradient of h from above. `hiddenGradient` is that from
  /// the step after; a cell that keeps the product apart leaves there the part of the gradient of h'
  /// that passes by the product. `memoryGradient` is that of c, and becomes that of c'.
  func backward(
    _ step: CellStep<S>, upstream: UnsafePointer<S>, hiddenGradient: UnsafeMutablePointer<S>,
    memoryGradient: UnsafeMutablePointer<S>)
}

/// h = σ(W x + b + U h' + b'), with σ = tanh or max(0, ·).
struct ElmanCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  let rectified: Bool
  var gates: Int { 1 }
  var keepsProductApart: Bool { false }
  var hasMemory: Bool { false }
  var hasKept: Bool { false }

  func forward(_ step: CellStep<S>) {
    kernels.rnnForward(step.rows, step.units, rectified ? 1 : 0, step.gates, step.hidden)
  }

  func backward(
    _ step: CellStep<S>, upstream: UnsafePointer<S>, hiddenGradient: UnsafeMutablePointer<S>,
    memoryGradient: UnsafeMutablePointer<S>
  ) {
    kernels.rnnBackward(
      step.rows, step.units, rectified ? 1 : 0, step.gates, upstream, hiddenGradient)
  }
}

/// c = f c' + i g, h = o tanh(c), with i, f, o = σ(sums) and g = tanh(sum).
struct LSTMCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  var gates: Int { 4 }
  var keepsProductApart: Bool { false }
  var hasMemory: Bool { true }
  /// tanh(c)
  var hasKept: Bool { true }

  func forward(_ step: CellStep<S>) {
    kernels.lstmForward(
      step.rows, step.units, step.gates, step.previousMemory, step.memory, step.kept, step.hidden)
  }

  func backward(
    _ step: CellStep<S>, upstream: UnsafePointer<S>, hiddenGradient: UnsafeMutablePointer<S>,
    memoryGradient: UnsafeMutablePointer<S>
  ) {
    kernels.lstmBackward(
      step.rows, step.units, step.gates, step.previousMemory, step.kept, upstream, hiddenGradient,
      memoryGradient)
  }
}

/// n = tanh(W x + b + r (U h' + b')), h = (1 - z) n + z h', with r, z = σ(sums).
struct GRUCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  var gates: Int { 3 }
  /// r multiplies the recurrent sum of n alone.
  var keepsProductApart: Bool { true }
  var hasMemory: Bool { false }
  var hasKept: Bool { false }

  func forward(_ step: CellStep<S>) {
    kernels.gruForward(
      step.rows, step.units, step.gates, step.product, step.previousHidden, step.hidden)
  }

  func backward(
    _ step: CellStep<S>, upstream: UnsafePointer<S>, hiddenGradient: UnsafeMutablePointer<S>,
    memoryGradient: UnsafeMutablePointer<S>
  ) {
    kernels.gruBackward(
      step.rows, step.units, step.gates, step.product, step.previousHidden, upstream,
      hiddenGradient)
  }
}

extension ModelPlan {
  func makeCell<S: Scalar>(_ type: S.Type) -> any RecurrentCell<S> {
    switch cell {
    case .rnn: ElmanCell(rectified: nonlinearity == .relu)
    case .lstm: LSTMCell()
    case .gru: GRUCell()
    }
  }
}
