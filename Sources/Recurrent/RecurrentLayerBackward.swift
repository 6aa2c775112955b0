extension RecurrentLayer {
  /// Adds to the gradients of the weights; to be called once after the forward pass, whose activations
  /// it overwrites.
  ///
  /// - Parameters:
  ///   - input: What entered.
  ///   - unrolling: The order of the steps.
  ///   - states: [N, H] the gradient of the output, from above; becomes the whole gradient of each
  ///     state, as it reaches it from its own step and all later ones.
  ///   - values: The parameters.
  ///   - gradient: Their gradient.
  ///   - inputGradient: Where the gradient of the input [U, I] goes, if it is wanted.
  @_specialize(where S == Float)
  func backward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, states: UnsafeMutablePointer<S>,
    parameters values: UnsafePointer<S>, gradient: UnsafeMutablePointer<S>,
    inputGradient: Matrix<S>?
  ) {
    prepare(input, unrolling, values, inputGradient)
    stateGradients = states
    var pass = BackwardPass(
      unrolling: unrolling, states: states, values: values, gradient: gradient)
    if isFused { finishLastStep(&pass) }
    for chunk in unrolling.chunks.reversed() {
      for index in chunk.steps.reversed() {
        if isFused { backwardFused(index, pass) } else { backwardInParts(index, pass) }
      }
      accumulate(input, chunk, pass, inputGradient)
    }
    if input.index != nil { finishDistinct(input, inputGradient) }
    inputGradients.add(to: gradient + parameters.inputWeight)
    for part in recurrentGradients { part.add(to: gradient + parameters.recurrentWeight) }
    addBiases(gradient)
  }

  private func prepare(
    _ input: LayerInput<S>, _ unrolling: Unrolling, _ values: UnsafePointer<S>,
    _ inputGradient: Matrix<S>?
  ) {
    let sequences = unrolling.sequences
    for (packed, weights) in zip(backRecurrent, recurrentWeights) {
      packed.pack(values + parameters.recurrentWeight)
      precondition(weights.gates == packed.gates)
    }
    if inputGradient != nil { backInput.pack(values + parameters.inputWeight) }
    inputGradients.zero()
    for part in recurrentGradients { part.zero() }
    biasGradient.pointer.zero(count: biasGradient.count)
    memoryGradient.reshape(
      rows: cell.hasMemory ? sequences + (keepsMemoryGradients ? unrolling.rows : 0) : 0,
      columns: units)
    memoryGradient.zero()
    initialHiddenGradient.reshape(rows: sequences, columns: units)
    initialHiddenGradient.zero()
    scratch.reshape(rows: sequences, columns: units)
    if input.index != nil { distinct.zero() }
    inputGradient?.reshape(rows: input.count, columns: inputWidth)
  }

  /// The gradients that a step finds, with the pointers of its first block.
  private func gradients(_ step: Unrolling.Step, _ pass: BackwardPass<S>) -> CellGradients<S> {
    let memory = cell.hasMemory ? memoryGradient.pointer : scratch.pointer
    let isKept = cell.hasMemory && keepsMemoryGradients
    return CellGradients(
      hidden: pass.states + step.start * units,
      previousHidden: pastGradient(step, pass),
      memory: isKept ? memoryGradient.row(step.current) : memory,
      previousMemory: isKept ? memoryGradient.row(step.previous) : memory,
      bias: biasGradient.pointer)
  }

  /// Where the gradient of the former states goes.
  private func pastGradient(
    _ step: Unrolling.Step, _ pass: BackwardPass<S>
  ) -> UnsafeMutablePointer<S> {
    step.start == 0
      ? initialHiddenGradient.pointer
      : pass.states + (step.previous - pass.unrolling.sequences) * units
  }

  private func block(_ index: Int, of gradients: CellGradients<S>) -> CellGradients<S> {
    let unit = index * form.width
    var block = gradients
    block.hidden += unit
    block.previousHidden += unit
    block.memory += unit
    block.previousMemory += unit
    block.bias += index * form.panels * form.width
    return block
  }

  // MARK: Steps

  private func finishLastStep(_ pass: inout BackwardPass<S>) {
    guard let step = pass.unrolling.steps.last else { return }
    let whole = (
      block: cellBlock(step, pass.unrolling.chunks[step.chunk]), gradients: gradients(step, pass)
    )
    for index in 0..<form.blocks {
      backwardFused(block(index, of: whole.block), block(index, of: whole.gradients), pass)
    }
  }

  /// The cell of one block, whose gradients become operands while they are in the cache.
  private func backwardFused(
    _ block: CellBlock<S>, _ gradients: CellGradients<S>, _ pass: BackwardPass<S>
  ) {
    cell.backward(block, gradients, parameters: pass.values, gradient: pass.gradient)
    form.round(block.gates, panels: 0..<form.panels, rows: block.rows, stride: block.panel)
  }

  /// The product of a step, and block by block the cell of the step before.
  private func backwardFused(_ index: Int, _ pass: BackwardPass<S>) {
    let step = pass.unrolling.steps[index]
    let chunk = pass.unrolling.chunks[step.chunk]
    let left = gates.row(chunk.start) + (step.start - chunk.start) * form.width
    guard index > 0 else {
      if hasInitialState {
        multiplyBack(left, 0, 0..<units, step, chunk, into: initialHiddenGradient.pointer, true)
      }
      return
    }
    let before = pass.unrolling.steps[index - 1]
    let whole = (
      block: cellBlock(before, pass.unrolling.chunks[before.chunk]),
      gradients: gradients(before, pass)
    )
    for index in 0..<form.blocks {
      let unit = index * form.width
      multiplyBack(
        left, 0, unit..<min(unit + form.width, units), step, chunk,
        into: whole.gradients.hidden, true)
      backwardFused(block(index, of: whole.block), block(index, of: whole.gradients), pass)
    }
  }

  private func backwardInParts(_ index: Int, _ pass: BackwardPass<S>) {
    let step = pass.unrolling.steps[index]
    let chunk = pass.unrolling.chunks[step.chunk]
    let whole = (block: cellBlock(step, chunk), gradients: gradients(step, pass))
    let left = gates.row(chunk.start) + (step.start - chunk.start) * form.width
    let isFirst = index == 0 && !hasInitialState
    for index in 0..<form.blocks {
      cell.backward(
        block(index, of: whole.block), block(index, of: whole.gradients), parameters: pass.values,
        gradient: pass.gradient)
    }
    if !late.isEmpty {
      normalizeBack(late, except: 0..<0, step, chunk, left, pass)
      round(late, whole.block)
      multiplyBack(left, 1, 0..<units, step, chunk, into: scratch.pointer, false)
      for index in 0..<form.blocks {
        var block = self.block(index, of: whole.block)
        block.kept = scratch.pointer + index * form.width
        cell.begin(block, self.block(index, of: whole.gradients))
      }
    }
    normalizeBack(0..<form.panels, except: late, step, chunk, left, pass)
    round(0..<late.lowerBound, whole.block)
    round(late.upperBound..<form.panels, whole.block)
    guard !isFirst else { return }
    if let recurrentMask {
      multiplyBack(left, 0, 0..<units, step, chunk, into: scratch.pointer, false)
      recurrentMask.backward(scratch.pointer, rows: step.rows)
      kernels.vectorAdd(step.rows * units, scratch.pointer, whole.gradients.previousHidden)
    } else {
      multiplyBack(left, 0, 0..<units, step, chunk, into: whole.gradients.previousHidden, true)
    }
  }

  /// Makes operands of some panels of each block, whose sums and norms have been taken.
  private func round(_ panels: Range<Int>, _ whole: CellBlock<S>) {
    for index in 0..<form.blocks where !panels.isEmpty {
      form.round(
        block(index, of: whole).gates, panels: panels, rows: whole.rows, stride: whole.panel)
    }
  }

  private func normalizeBack(
    _ panels: Range<Int>, except: Range<Int>, _ step: Unrolling.Step, _ chunk: Unrolling.Chunk,
    _ gates: UnsafeMutablePointer<S>, _ pass: BackwardPass<S>
  ) {
    guard let normalization else { return }
    for panel in panels where !except.contains(panel) {
      normalization.backward(
        panel: panel, step, chunk, gates, weight: pass.values + parameters.normWeight,
        weightGradient: pass.gradient + parameters.normWeight,
        biasGradient: pass.gradient + parameters.normBias)
    }
  }

  private func multiplyBack(
    _ left: UnsafePointer<S>, _ part: Int, _ columns: Range<Int>, _ step: Unrolling.Step,
    _ chunk: Unrolling.Chunk, into result: UnsafeMutablePointer<S>, _ adding: Bool
  ) {
    form.multiplyBack(
      left, chunkRows: chunk.rows, rows: step.rows, weights: backRecurrent[part], columns: columns,
      into: result, stride: units, adding: adding)
  }

  // MARK: Weights

  /// The share of a chunk in the gradients of the weights and of the input.
  private func accumulate(
    _ input: LayerInput<S>, _ chunk: Unrolling.Chunk, _ pass: BackwardPass<S>,
    _ inputGradient: Matrix<S>?
  ) {
    let chunkGates = gates.row(chunk.start)
    form.accumulate(
      former.row(chunk.start), gates: chunkGates, chunkRows: chunk.rows,
      inner: units, into: recurrentGradients[0])
    if recurrentGradients.count > 1 {
      panelKept.reshape(rows: chunk.rows, columns: form.panels(units) * form.width)
      form.lay(
        kept.row(chunk.start), rows: chunk.rows, columns: units, into: panelKept.pointer,
        panelRows: chunk.rows)
      form.accumulate(
        panelKept.pointer, gates: chunkGates, chunkRows: chunk.rows,
        inner: units, into: recurrentGradients[1])
    }
    if let index = input.index {
      index.withUnsafeBufferPointer { index in
        guard let base = index.baseAddress else { return }
        form.scatterAdd(
          chunkGates, chunkRows: chunk.rows, index: base + chunk.start, into: distinct.pointer,
          distinctRows: input.count)
      }
    } else {
      layInput(input.pointer + chunk.start * inputWidth, chunk.rows)
      form.accumulate(
        panelInput.pointer, gates: chunkGates,
        chunkRows: chunk.rows, inner: inputWidth, into: inputGradients)
      if let inputGradient {
        form.multiplyBack(
          chunkGates, chunkRows: chunk.rows, rows: chunk.rows, weights: backInput,
          columns: 0..<inputWidth, into: inputGradient.row(chunk.start), stride: inputWidth,
          adding: false)
      }
    }
  }

  private func finishDistinct(_ input: LayerInput<S>, _ inputGradient: Matrix<S>?) {
    layInput(input.pointer, input.count)
    // Sums of operands are none.
    form.round(
      distinct.pointer, panels: 0..<form.blocks * form.panels, rows: input.count,
      stride: input.count * form.width)
    form.accumulate(
      panelInput.pointer, gates: distinct.pointer, chunkRows: input.count,
      inner: inputWidth, into: inputGradients)
    if let inputGradient {
      form.multiplyBack(
        distinct.pointer, chunkRows: input.count, rows: input.count, weights: backInput,
        columns: 0..<inputWidth, into: inputGradient.pointer, stride: inputWidth, adding: false)
    }
  }

  private func addBiases(_ gradient: UnsafeMutablePointer<S>) {
    guard let inputBias = parameters.inputBias, let recurrentBias = parameters.recurrentBias else {
      return
    }
    func add(_ gate: Int32, _ panel: Int, _ bias: Int) {
      for block in 0..<form.blocks {
        let unit = block * form.width
        kernels.vectorAdd(
          min(form.width, units - unit),
          biasGradient.pointer + (block * form.panels + panel) * form.width,
          gradient + bias + Int(gate) * units + unit)
      }
    }
    for (panel, gate) in cell.inputGates.enumerated() { add(gate, panel, inputBias) }
    for part in cell.recurrentGates {
      for (place, gate) in part.gates.enumerated() { add(gate, part.first + place, recurrentBias) }
    }
  }
}

/// What all steps of a way back share.
private struct BackwardPass<S: Scalar> {
  var unrolling: Unrolling
  var states: UnsafeMutablePointer<S>
  var values: UnsafePointer<S>
  var gradient: UnsafeMutablePointer<S>
}
