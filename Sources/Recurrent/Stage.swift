/// One level of a stack: a layer, or two that walk over time both ways, and what is done to their
/// output. The way backward in time is the same layer over reversed sequences.
///
/// Legend: N rows, H units, D directions.
final class Stage<S: Scalar> {
  private let kernels = S.kernels
  let layers: [RecurrentLayer<S>]
  private let units: Int
  private let isResidual: Bool
  /// [N, D·H], unless the states of the only layer are the output.
  private let output = Matrix<S>()
  /// For each row of the reversed order, its place among the distinct ones.
  private var reversedIndex: [Int32] = []
  /// [N, I], rows in the reversed order.
  private let reversedInput = Matrix<S>()
  private let reversedGradient = Matrix<S>()
  /// [N, H] of each direction.
  private let stateGradients = [Matrix<S>(), Matrix<S>()]

  init(_ plan: ModelPlan, _ layout: ParameterLayout, layer: Int) {
    layers = Direction.allCases.prefix(plan.directions).map {
      RecurrentLayer(plan, layout, layer: layer, direction: $0)
    }
    units = plan.hidden
    isResidual = plan.isResidual && layer > 0
  }

  /// The output [N, D·H].
  @_specialize(where S == Float)
  func forward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, parameters: UnsafePointer<S>,
    initial: (Int) -> LayerState<S>?, _ dropout: DropoutKey?
  ) -> UnsafeMutablePointer<S> {
    layers[0].forward(input, unrolling, parameters: parameters, initial: initial(0), dropout)
    let states = layers[0].output(unrolling)
    guard layers.count > 1 || isResidual else { return states }
    output.reshape(rows: unrolling.rows, columns: units * layers.count)
    kernels.rowsMove(unrolling.rows, units, nil, states, units, output.pointer, output.columns)
    if layers.count > 1 {
      layers[1].forward(
        reverse(input, unrolling), unrolling, parameters: parameters, initial: initial(1), dropout)
      kernels.rowsMove(
        unrolling.rows, units, unrolling.reversed, layers[1].output(unrolling), units,
        output.pointer + units, output.columns)
    }
    if isResidual { kernels.vectorAdd(output.count, input.pointer, output.pointer) }
    return output.pointer
  }

  private func reverse(_ input: LayerInput<S>, _ unrolling: Unrolling) -> LayerInput<S> {
    if let index = input.index {
      reversedIndex.removeAll(keepingCapacity: true)
      for row in unrolling.reversed { reversedIndex.append(index[Int(row)]) }
      return LayerInput(pointer: input.pointer, count: input.count, index: reversedIndex)
    }
    let width = layers[1].inputWidth
    reversedInput.reshape(rows: unrolling.rows, columns: width)
    kernels.rowsGather(
      unrolling.rows, width, unrolling.reversed, input.pointer, reversedInput.pointer)
    return LayerInput(pointer: reversedInput.pointer, count: unrolling.rows)
  }

  /// Adds to the gradients of the weights. `upstream` [N, D·H] is overwritten, with the whole gradient
  /// of the states if there is one direction.
  @_specialize(where S == Float)
  func backward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, upstream: UnsafeMutablePointer<S>,
    parameters: UnsafePointer<S>, gradient: UnsafeMutablePointer<S>, inputGradient: Matrix<S>?
  ) {
    var states = upstream
    if layers.count > 1 || isResidual {
      for (direction, matrix) in zip(layers.indices, stateGradients) {
        matrix.reshape(rows: unrolling.rows, columns: units)
        let from = upstream + direction * units
        if direction == 0 {
          kernels.rowsMove(
            matrix.rows, units, nil, from, units * layers.count, matrix.pointer, units)
        } else {
          kernels.rowsMove(
            matrix.rows, units, unrolling.reversed, from, units * layers.count, matrix.pointer,
            units)
        }
      }
      states = stateGradients[0].pointer
    }
    layers[0].backward(
      input, unrolling, states: states, parameters: parameters, gradient: gradient,
      inputGradient: inputGradient)
    if layers.count > 1 {
      layers[1].backward(
        reverse(input, unrolling), unrolling, states: stateGradients[1].pointer,
        parameters: parameters, gradient: gradient,
        inputGradient: inputGradient == nil ? nil : reversedGradient)
      if let inputGradient { add(to: inputGradient, input, unrolling) }
    }
    if isResidual, let inputGradient {
      kernels.vectorAdd(inputGradient.count, upstream, inputGradient.pointer)
    }
  }

  private func add(to gradient: Matrix<S>, _ input: LayerInput<S>, _ unrolling: Unrolling) {
    if input.index == nil {
      kernels.rowsScatterAdd(
        unrolling.rows, gradient.columns, unrolling.reversed, nil, reversedGradient.pointer,
        gradient.pointer)
    } else {
      kernels.vectorAdd(gradient.count, reversedGradient.pointer, gradient.pointer)
    }
  }

  /// Copies the last states of each sequence.
  func copyFinal(
    _ batch: PackedBatch<S>, _ unrolling: Unrolling, into state: RecurrentState<S>, at layer: Int
  ) {
    for (direction, source) in layers.enumerated() {
      let row = (layer * layers.count + direction) * unrolling.sequences
      kernels.rowsGather(
        unrolling.sequences, units, batch.lastRows, source.output(unrolling),
        state.hidden.row(row))
      if state.hasMemory {
        kernels.rowsGather(
          unrolling.sequences, units, batch.lastRows, source.memory.row(unrolling.sequences),
          state.memory.row(row))
      }
    }
  }
}
