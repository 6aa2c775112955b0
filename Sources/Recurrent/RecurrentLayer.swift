/// What enters a layer: rows, and where each row of the batch finds its own. Without an index they
/// are the rows of the batch.
struct LayerInput<S: Scalar> {
  var pointer: UnsafePointer<S>
  /// The number of distinct rows.
  var count: Int
  /// For each row of the batch, one of the distinct rows.
  var index: [Int32]?
}

/// The one way to unroll a cell over time and to go back through it.
///
/// The input product of all rows is one product before the loop, and the gradients of the weights are
/// one product each after it; inside the loop remain the recurrent product of B_t rows and the cell.
/// Words of a text repeat: a row that occurs many times in a batch is multiplied once, and the
/// gradients of its occurrences are summed before the products of the way back.
///
/// Legend: B sequences, N rows, B_t rows of a step, U distinct input rows, I input width, H units,
/// G gates.
final class RecurrentLayer<S: Scalar> {
  private let kernels = S.kernels
  private let cell: any RecurrentCell<S>
  private let inputWidth: Int
  private let units: Int
  /// G·H
  private let sums: Int

  /// Offsets in the flat buffer: [G·H, I], [G·H, H], [G·H], [G·H].
  private let inputWeight, recurrentWeight, inputBias, recurrentBias: Int

  /// [N, G·H] activations; gradients of the input's sums after the way back.
  private let gates = Matrix<S>()
  /// [N, G·H] recurrent sums and then their gradients, if the cell keeps them apart.
  private let product = Matrix<S>()
  /// [B + N, H] each.
  private let hidden = Matrix<S>()
  private let memory = Matrix<S>()
  /// [N, H]
  private let kept = Matrix<S>()
  /// [U, G·H] sums of the distinct input rows; their gradients on the way back.
  private let distinct = Matrix<S>()
  /// [N, H] former states, where they are not one run of rows.
  private let previousHidden = Matrix<S>()
  /// [B, H] each.
  private let hiddenGradient = Matrix<S>()
  private let memoryGradient = Matrix<S>()
  /// [G·H]
  private let bias: Buffer<S>

  init(_ plan: ModelPlan, _ layout: ParameterLayout, layer: Int) {
    cell = plan.makeCell(S.self)
    inputWidth = layer == 0 ? plan.inputWidth : plan.hidden
    units = plan.hidden
    sums = plan.gates * plan.hidden
    inputWeight = layout.entry("recurrent.weight_ih_l\(layer)").offset
    recurrentWeight = layout.entry("recurrent.weight_hh_l\(layer)").offset
    inputBias = layout.entry("recurrent.bias_ih_l\(layer)").offset
    recurrentBias = layout.entry("recurrent.bias_hh_l\(layer)").offset
    bias = Buffer(count: sums)
  }

  /// [N, H]: the states of all rows of the last batch.
  func output(_ unrolling: Unrolling) -> UnsafeMutablePointer<S> { hidden.row(unrolling.sequences) }

  // MARK: Forward

  func forward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, parameters: UnsafePointer<S>
  ) {
    reshape(unrolling)
    sumInput(input, unrolling, parameters)
    if cell.keepsProductApart {
      kernels.rowsFill(unrolling.rows, sums, parameters + recurrentBias, product.pointer)
    }
    let recurrentSums = cell.keepsProductApart ? product : gates
    for step in unrolling.steps {
      // The initial states are zero: their product needs no computing.
      if step.start > 0 {
        kernels.multiply(
          hidden.row(step.previous), .plain, parameters + recurrentWeight, .transposed,
          into: recurrentSums.row(step.start), rows: step.rows, columns: sums, inner: units,
          adding: true)
      }
      cell.forward(cellStep(step))
    }
  }

  private func reshape(_ unrolling: Unrolling) {
    let (sequences, rows) = (unrolling.sequences, unrolling.rows)
    let memoryWidth = cell.hasMemory ? units : 0
    gates.reshape(rows: rows, columns: sums)
    product.reshape(rows: rows, columns: cell.keepsProductApart ? sums : 0)
    hidden.reshape(rows: sequences + rows, columns: units)
    memory.reshape(rows: sequences + rows, columns: memoryWidth)
    kept.reshape(rows: rows, columns: cell.hasKept ? units : 0)
    hidden.pointer.update(repeating: 0, count: sequences * units)
    memory.pointer.update(repeating: 0, count: sequences * memoryWidth)
  }

  /// gates = input · weightᵀ + biases, for all rows at once.
  private func sumInput(
    _ input: LayerInput<S>, _ unrolling: Unrolling, _ parameters: UnsafePointer<S>
  ) {
    bias.pointer.update(from: parameters + inputBias, count: sums)
    if !cell.keepsProductApart {
      kernels.vectorAdd(sums, parameters + recurrentBias, bias.pointer)
    }
    let target = input.index == nil ? gates : distinct
    target.reshape(rows: input.count, columns: sums)
    kernels.rowsFill(input.count, sums, bias.pointer, target.pointer)
    kernels.multiply(
      input.pointer, .plain, parameters + inputWeight, .transposed, into: target.pointer,
      rows: input.count, columns: sums, inner: inputWidth, adding: true)
    if let index = input.index {
      kernels.rowsGather(unrolling.rows, sums, index, distinct.pointer, gates.pointer)
    }
  }

  private func cellStep(_ step: Unrolling.Step) -> CellStep<S> {
    CellStep(
      rows: step.rows, units: units, gates: gates.row(step.start),
      product: product.row(step.start), previousHidden: hidden.row(step.previous),
      hidden: hidden.row(step.current), previousMemory: memory.row(step.previous),
      memory: memory.row(step.current), kept: kept.row(step.start))
  }

  // MARK: Backward

  /// Adds to the gradients of the weights, given the gradient of ``output(_:)``; to be called once
  /// after ``forward(_:_:parameters:)``, whose activations it overwrites. The gradient of the input
  /// goes to `inputGradient` [U, I], if it is wanted.
  func backward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, upstream: UnsafePointer<S>,
    parameters: UnsafePointer<S>, gradient: UnsafeMutablePointer<S>, inputGradient: Matrix<S>?
  ) {
    hiddenGradient.reshape(rows: unrolling.sequences, columns: units)
    hiddenGradient.zero()
    memoryGradient.reshape(rows: unrolling.sequences, columns: cell.hasMemory ? units : 0)
    memoryGradient.zero()
    let recurrentSums = cell.keepsProductApart ? product : gates
    for step in unrolling.steps.reversed() {
      cell.backward(
        cellStep(step), upstream: upstream + step.start * units,
        hiddenGradient: hiddenGradient.pointer, memoryGradient: memoryGradient.pointer)
      if step.start > 0 {
        kernels.multiply(
          recurrentSums.row(step.start), .plain, parameters + recurrentWeight, .plain,
          into: hiddenGradient.pointer, rows: step.rows, columns: units, inner: sums,
          adding: cell.keepsProductApart)
      }
    }
    differentiateRecurrent(unrolling, recurrentSums, gradient)
    differentiateInput(input, unrolling, parameters, gradient, inputGradient)
  }

  /// The recurrent weights, over all rows that have a former state other than zero.
  private func differentiateRecurrent(
    _ unrolling: Unrolling, _ recurrentSums: Matrix<S>, _ gradient: UnsafeMutablePointer<S>
  ) {
    let first = unrolling.sequences
    let rows = unrolling.rows - first
    var former = hidden.row(first)
    if !unrolling.isUniform {
      previousHidden.reshape(rows: rows, columns: units)
      kernels.rowsGather(
        rows, units, unrolling.previousRows, hidden.pointer, previousHidden.pointer)
      former = previousHidden.pointer
    }
    kernels.multiply(
      recurrentSums.row(first), .transposed, former, .plain, into: gradient + recurrentWeight,
      rows: sums, columns: units, inner: rows, adding: true)
    if cell.keepsProductApart {
      kernels.columnsAdd(unrolling.rows, sums, product.pointer, gradient + recurrentBias)
    }
  }

  private func differentiateInput(
    _ input: LayerInput<S>, _ unrolling: Unrolling, _ parameters: UnsafePointer<S>,
    _ gradient: UnsafeMutablePointer<S>, _ inputGradient: Matrix<S>?
  ) {
    var sumGradients = gates
    if let index = input.index {
      distinct.zero()
      kernels.rowsScatterAdd(
        unrolling.rows, sums, index, nil, gates.pointer, distinct.pointer)
      sumGradients = distinct
    }
    bias.pointer.update(repeating: 0, count: sums)
    kernels.columnsAdd(input.count, sums, sumGradients.pointer, bias.pointer)
    kernels.vectorAdd(sums, bias.pointer, gradient + inputBias)
    if !cell.keepsProductApart {
      kernels.vectorAdd(sums, bias.pointer, gradient + recurrentBias)
    }
    kernels.multiply(
      sumGradients.pointer, .transposed, input.pointer, .plain, into: gradient + inputWeight,
      rows: sums, columns: inputWidth, inner: input.count, adding: true)
    if let inputGradient {
      inputGradient.reshape(rows: input.count, columns: inputWidth)
      kernels.multiply(
        sumGradients.pointer, .plain, parameters + inputWeight, .plain,
        into: inputGradient.pointer, rows: input.count, columns: inputWidth, inner: sums,
        adding: false)
    }
  }
}
