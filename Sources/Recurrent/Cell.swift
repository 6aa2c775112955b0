/// One block of units at one time step, after its products: all that a cell sees.
///
/// Legend: B_t = rows, H = units of the layer, P = units of a block.
struct CellBlock<S: Scalar> {
  /// B_t, the sequences that are still running.
  var rows: Int
  /// The first unit of the block.
  var unit: Int
  /// The units of the block: P, or fewer in the last one.
  var count: Int
  /// H, between the rows of states.
  var stride: Int
  /// Between the panels [B_t, P] of the gates.
  var panel: Int
  /// Sums of products in, activations out; on the way back activations in, gradients of the sums out.
  var gates: UnsafeMutablePointer<S>
  /// [B_t, count] each, rows `stride` apart; c and what is kept only if the cell has them.
  var previousHidden: UnsafeMutablePointer<S>
  var hidden: UnsafeMutablePointer<S>
  var previousMemory: UnsafeMutablePointer<S>
  var memory: UnsafeMutablePointer<S>
  var kept: UnsafeMutablePointer<S>
}

/// What the way back of a block needs beside it: all [B_t, count], rows `stride` apart.
struct CellGradients<S: Scalar> {
  /// The whole gradient of h.
  var hidden: UnsafeMutablePointer<S>
  /// The gradient of h' that passes by the product is added to it.
  var previousHidden: UnsafeMutablePointer<S>
  /// What reaches c from the step after; becomes the whole gradient of c.
  var memory: UnsafeMutablePointer<S>
  /// What reaches c'. It may be the same place as ``memory``.
  var previousMemory: UnsafeMutablePointer<S>
  /// [panels, P]: sums over rows are added.
  var bias: UnsafeMutablePointer<S>
}

/// The equations of one step. A cell knows nothing of time, of layers or of products: see
/// ``RecurrentLayer``.
protocol RecurrentCell<S> {
  associatedtype S: Scalar
  /// Panels of a block.
  var panels: Int { get }
  /// For each panel that takes a sum of the input, from the first, its gate in the weights.
  var inputGates: [Int32] { get }
  /// The recurrent products: each the first of its panels, and the gates of them. The second one, if
  /// there is one, multiplies what ``RecurrentCell/forward(_:parameters:)`` keeps, not h'.
  var recurrentGates: [(first: Int, gates: [Int32])] { get }
  /// Whether there is a state c beside h.
  var hasMemory: Bool { get }
  /// Whether the way back needs a value per unit beside the activations.
  var hasKept: Bool { get }

  func forward(_ block: CellBlock<S>, parameters: UnsafePointer<S>)
  /// What remains after the second product.
  func finish(_ block: CellBlock<S>)
  /// Turns the activations of gates into gradients of their sums.
  func backward(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, parameters: UnsafePointer<S>,
    gradient: UnsafeMutablePointer<S>)
  /// The same for the gates before the second product; `kept` of the block is now its gradient.
  func begin(_ block: CellBlock<S>, _ gradients: CellGradients<S>)
}

extension RecurrentCell {
  var hasMemory: Bool { false }
  var hasKept: Bool { false }
  func finish(_ block: CellBlock<S>) {}
  func begin(_ block: CellBlock<S>, _ gradients: CellGradients<S>) {}
}

/// h = σ(W x + b + U h' + b'), with σ = tanh or max(0, ·).
struct ElmanCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  let rectified: Int32
  let panels = 1
  let inputGates: [Int32] = [0]
  let recurrentGates: [(first: Int, gates: [Int32])] = [(0, [0])]

  @_specialize(where S == Float)
  func forward(_ block: CellBlock<S>, parameters: UnsafePointer<S>) {
    kernels.rnnForward(
      block.rows, block.count, rectified, block.stride, block.gates, block.hidden)
  }

  @_specialize(where S == Float)
  func backward(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, parameters: UnsafePointer<S>,
    gradient: UnsafeMutablePointer<S>
  ) {
    kernels.rnnBackward(
      block.rows, block.count, rectified, block.stride, block.gates, gradients.hidden,
      gradients.bias)
  }
}

/// c = f c' + i g, h = o tanh(c), with i, f, o = σ(sums) and g = tanh(sum). With peepholes (Gers and
/// Schmidhuber 2000), c' is seen by i and f, and c by o.
struct LSTMCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  let units: Int
  /// The offset of [3, H], of i, f and o, if there are any.
  let peephole: Int?
  let panels = 4
  let inputGates: [Int32] = [0, 1, 2, 3]
  let recurrentGates: [(first: Int, gates: [Int32])] = [(0, [0, 1, 2, 3])]
  let hasMemory = true
  /// tanh(c)
  let hasKept = true

  @_specialize(where S == Float)
  func forward(_ block: CellBlock<S>, parameters: UnsafePointer<S>) {
    kernels.lstmForward(
      block.rows, block.count, block.stride, block.panel, block.gates,
      peephole.map { parameters + $0 + block.unit }, units, block.previousMemory, block.memory,
      block.kept, block.hidden)
  }

  @_specialize(where S == Float)
  func backward(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, parameters: UnsafePointer<S>,
    gradient: UnsafeMutablePointer<S>
  ) {
    kernels.lstmBackward(
      block.rows, block.count, block.stride, block.panel, block.gates,
      peephole.map { parameters + $0 + block.unit }, peephole.map { gradient + $0 + block.unit },
      units, block.previousMemory, block.memory, block.kept, gradients.hidden, gradients.memory,
      gradients.previousMemory, gradients.bias)
  }
}

/// n = tanh(W x + b + r (U h' + b')), h = (1 - z) n + z h', with r, z = σ(sums).
struct GRUCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  /// n of the input, r, z, n of the state: r multiplies the last one alone.
  let panels = 4
  let inputGates: [Int32] = [2, 0, 1]
  let recurrentGates: [(first: Int, gates: [Int32])] = [(1, [0, 1, 2])]

  @_specialize(where S == Float)
  func forward(_ block: CellBlock<S>, parameters: UnsafePointer<S>) {
    kernels.gruForward(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      block.hidden)
  }

  @_specialize(where S == Float)
  func backward(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, parameters: UnsafePointer<S>,
    gradient: UnsafeMutablePointer<S>
  ) {
    kernels.gruBackward(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      gradients.hidden, gradients.previousHidden, gradients.bias)
  }
}

/// The original unit (Cho et al. 2014): n = tanh(W x + b + U (r h') + b').
struct ResetBeforeGRUCell<S: Scalar>: RecurrentCell {
  let kernels = S.kernels
  /// n, r, z.
  let panels = 3
  let inputGates: [Int32] = [2, 0, 1]
  let recurrentGates: [(first: Int, gates: [Int32])] = [(1, [0, 1]), (0, [2])]
  /// r h'
  let hasKept = true

  @_specialize(where S == Float)
  func forward(_ block: CellBlock<S>, parameters: UnsafePointer<S>) {
    kernels.gruResetForward(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      block.kept)
  }

  func finish(_ block: CellBlock<S>) {
    kernels.gruResetFinish(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      block.hidden)
  }

  @_specialize(where S == Float)
  func backward(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, parameters: UnsafePointer<S>,
    gradient: UnsafeMutablePointer<S>
  ) {
    kernels.gruResetBackward(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      gradients.hidden, gradients.previousHidden, gradients.bias)
  }

  func begin(_ block: CellBlock<S>, _ gradients: CellGradients<S>) {
    kernels.gruResetBegin(
      block.rows, block.count, block.stride, block.panel, block.gates, block.previousHidden,
      block.kept, gradients.previousHidden, gradients.bias)
  }
}

extension ModelPlan {
  func makeCell<S: Scalar>(_ type: S.Type, peephole: Int?) -> any RecurrentCell<S> {
    switch cell {
    case .rnn: ElmanCell(rectified: nonlinearity == .relu ? 1 : 0)
    case .lstm: LSTMCell(units: hidden, peephole: peephole)
    case .gru: resetBefore ? ResetBeforeGRUCell() : GRUCell()
    }
  }
}
