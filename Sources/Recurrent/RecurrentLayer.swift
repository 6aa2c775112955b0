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
/// Steps go in chunks whose gates stay in the cache. The input product of a chunk is one product before
/// its steps, and its share of the gradients of the weights one product each after them; inside the
/// loop over the steps remain the recurrent product and the cell, block by block of units, so that a
/// cell finds its sums in the first level of the cache (where the kernels take products as a whole, one
/// after the other). Words of a text repeat: a row that occurs many
/// times in a batch is multiplied once, and the gradients of its occurrences are summed before the
/// products of the way back.
///
/// Legend: B sequences, N rows, B_t rows of a step, U distinct input rows, I input width, H units.
final class RecurrentLayer<S: Scalar> {
  let kernels = S.kernels
  let cell: any RecurrentCell<S>
  let form: GatePanels<S>
  let inputWidth: Int
  let units: Int
  let parameters: LayerParameters

  /// [N, panels]: sums, activations, and gradients of the sums after the way back, chunk by chunk.
  let gates = Matrix<S>()
  /// [B + N, H] each.
  let hidden = Matrix<S>()
  let memory = Matrix<S>()
  /// [N, H] in panels, chunk by chunk: for each row the state from which it goes on, masked if there is
  /// a mask on the way; written by the step before.
  let former = Matrix<S>()
  /// [N, H]
  let kept = Matrix<S>()
  /// [U, panels]: sums of the distinct input rows; their gradients on the way back.
  let distinct = Matrix<S>()
  /// [B, H] of one mask over time on the recurrent path, and [B + N, H] masked states.
  let recurrentMask: VariationalMask<S>?
  /// The panels that take the second product, if there is one.
  let late: Range<Int>
  /// Each panel's sums over the units brought to mean 0 and deviation 1.
  let normalization: LayerNormalization<S>?

  let inputWeights: Panels<S>
  let recurrentWeights: [Panels<S>]
  let backInput: BackPanels<S>
  let backRecurrent: [BackPanels<S>]
  let inputGradients: PanelGradients<S>
  let recurrentGradients: [PanelGradients<S>]
  /// [block][input panel][P] and [block][panel][P]
  private let start: Buffer<S>
  let biasGradient: Buffer<S>
  /// [chunk rows, I] in panels, [chunk rows, H] in panels, and [B, H] of the way back.
  let panelInput = Matrix<S>()
  let panelKept = Matrix<S>()
  let scratch = Matrix<S>()
  /// [B, H], or [B + N, H] if all of them are asked for.
  let memoryGradient = Matrix<S>()
  /// [B, H]
  let initialHiddenGradient = Matrix<S>()
  /// Whether a state was given to the last forward pass.
  private(set) var hasInitialState = false
  /// [N, H] of the last way back: the whole gradient of each state, until the next pass.
  var stateGradients: UnsafeMutablePointer<S>?
  /// Whether the gradient of every c is kept, not only that of the step at hand.
  var keepsMemoryGradients = false

  init(_ plan: ModelPlan, _ layout: ParameterLayout, layer: Int, direction: Direction) {
    let places = LayerParameters(layout, plan, layer: layer, direction: direction)
    let cell = plan.makeCell(S.self, peephole: places.peephole)
    let form = GatePanels<S>(
      units: plan.hidden, panels: cell.panels, precision: plan.precision)
    let width = layer == 0 ? plan.inputWidth : plan.hidden * plan.directions
    (self.cell, self.form, inputWidth, units, parameters) = (cell, form, width, plan.hidden, places)
    inputWeights = Panels(form, first: 0, gates: cell.inputGates, inner: width)
    inputGradients = PanelGradients(form, first: 0, gates: cell.inputGates, inner: width)
    recurrentWeights = cell.recurrentGates.map {
      Panels(form, first: $0.first, gates: $0.gates, inner: plan.hidden)
    }
    recurrentGradients = cell.recurrentGates.map {
      PanelGradients(form, first: $0.first, gates: $0.gates, inner: plan.hidden)
    }
    backInput = BackPanels(form, first: 0, gates: cell.inputGates, columns: width)
    backRecurrent = cell.recurrentGates.map {
      BackPanels(form, first: $0.first, gates: $0.gates, columns: plan.hidden)
    }
    let second = cell.recurrentGates.dropFirst().first
    late = second.map { $0.first..<$0.first + $0.gates.count } ?? 0..<0
    start = Buffer(count: form.columns)
    biasGradient = Buffer(count: form.columns)
    recurrentMask =
      plan.recurrentDropout > 0
      ? VariationalMask(
        rate: plan.recurrentDropout, plan.recurrentMaskPlace(layer: layer, direction)) : nil
    normalization = plan.normalization == .layer ? LayerNormalization(form) : nil
  }

  /// [N, H]: the states of all rows of the last batch.
  func output(_ unrolling: Unrolling) -> UnsafeMutablePointer<S> { hidden.row(unrolling.sequences) }

  /// Whether a cell can act on a block as soon as its product is there.
  var isFused: Bool {
    recurrentWeights.count == 1 && normalization == nil && recurrentMask == nil && !form.isWhole
  }

  // MARK: Forward

  @_specialize(where S == Float)
  func forward(
    _ input: LayerInput<S>, _ unrolling: Unrolling, parameters values: UnsafePointer<S>,
    initial: LayerState<S>? = nil, _ dropout: DropoutKey?
  ) {
    reshape(unrolling, initial)
    recurrentMask?.draw(rows: unrolling.sequences, columns: units, dropout)
    inputWeights.pack(values + parameters.inputWeight)
    for part in recurrentWeights { part.pack(values + parameters.recurrentWeight) }
    layStart(values)
    if let index = input.index { sumDistinct(input, index.count) }
    passOn(nil, unrolling)
    for chunk in unrolling.chunks {
      sumInput(input, chunk)
      for step in unrolling.steps[chunk.steps] {
        let block = cellBlock(step, chunk)
        let isFirst = step.start == 0 && !hasInitialState
        if isFused {
          for index in 0..<form.blocks {
            if !isFirst { multiply(formerStates(step, chunk), 0, index..<index + 1, block, chunk) }
            cell.forward(self.block(index, of: block), parameters: values)
          }
        } else {
          forwardInParts(step, chunk, block, isFirst: isFirst, values)
        }
        passOn(step, unrolling)
      }
    }
  }

  /// One step of a cell that must see all units before it can go on.
  private func forwardInParts(
    _ step: Unrolling.Step, _ chunk: Unrolling.Chunk, _ block: CellBlock<S>, isFirst: Bool,
    _ values: UnsafePointer<S>
  ) {
    let all = 0..<form.blocks
    if !isFirst { multiply(formerStates(step, chunk), 0, all, block, chunk) }
    normalize(0..<form.panels, except: late, step, chunk, block, values)
    for index in all { cell.forward(self.block(index, of: block), parameters: values) }
    guard recurrentWeights.count > 1 else { return }
    if !isFirst {
      panelKept.reshape(rows: step.rows, columns: form.panels(units) * form.width)
      form.lay(
        block.kept, rows: step.rows, columns: units, into: panelKept.pointer, panelRows: step.rows)
      form.multiply(
        panelKept.pointer, leftRows: step.rows, rows: step.rows, inner: units,
        weights: recurrentWeights[1], blocks: all, into: block.gates, chunkRows: chunk.rows)
    }
    normalize(late, except: 0..<0, step, chunk, block, values)
    for index in all { cell.finish(self.block(index, of: block)) }
  }

  private func normalize(
    _ panels: Range<Int>, except: Range<Int>, _ step: Unrolling.Step, _ chunk: Unrolling.Chunk,
    _ block: CellBlock<S>, _ values: UnsafePointer<S>
  ) {
    guard let normalization else { return }
    for panel in panels where !except.contains(panel) {
      normalization.forward(
        panel: panel, step, chunk, block.gates, weight: values + parameters.normWeight,
        bias: values + parameters.normBias)
    }
  }

  private func multiply(
    _ left: UnsafePointer<S>, _ part: Int, _ blocks: Range<Int>, _ block: CellBlock<S>,
    _ chunk: Unrolling.Chunk
  ) {
    form.multiply(
      left, leftRows: chunk.rows, rows: block.rows, inner: units, weights: recurrentWeights[part],
      blocks: blocks, into: block.gates, chunkRows: chunk.rows)
  }

  /// Where a step finds the states from which it goes on.
  func formerStates(
    _ step: Unrolling.Step, _ chunk: Unrolling.Chunk
  ) -> UnsafeMutablePointer<S> {
    former.row(chunk.start) + (step.start - chunk.start) * form.width
  }

  /// Gives the states of a step, or the initial ones, to the step after.
  private func passOn(_ step: Unrolling.Step?, _ unrolling: Unrolling) {
    let index = step.map { $0.index + 1 } ?? 0
    guard index < unrolling.steps.count else { return }
    let next = unrolling.steps[index]
    let chunk = unrolling.chunks[next.chunk]
    let states = recurrentMask?.apply(hidden.row(next.previous), next.rows)
    form.lay(
      states ?? hidden.row(next.previous), rows: next.rows, columns: units,
      into: formerStates(next, chunk), panelRows: chunk.rows)
  }

  private func reshape(_ unrolling: Unrolling, _ initial: LayerState<S>?) {
    let (sequences, rows) = (unrolling.sequences, unrolling.rows)
    gates.reshape(rows: rows, columns: form.columns)
    hidden.reshape(rows: sequences + rows, columns: units)
    memory.reshape(rows: cell.hasMemory ? sequences + rows : 0, columns: units)
    former.reshape(rows: rows, columns: form.panels(units) * form.width)
    kept.reshape(rows: cell.hasKept ? rows : 0, columns: units)
    normalization?.reshape(rows: rows)
    hasInitialState = initial != nil
    let count = sequences * units
    if let initial {
      hidden.pointer.copy(from: initial.hidden, count: count)
      if cell.hasMemory { memory.pointer.copy(from: initial.memory, count: count) }
    } else {
      hidden.pointer.zero(count: count)
      if cell.hasMemory { memory.pointer.zero(count: count) }
    }
  }

  /// What the sums start from: the biases, in panels; zero beyond the last unit.
  private func layStart(_ values: UnsafePointer<S>) {
    guard let inputBias = parameters.inputBias, let recurrentBias = parameters.recurrentBias else {
      return
    }
    start.pointer.zero(count: start.count)
    let width = form.width
    func add(_ gate: Int32, _ panel: Int, _ bias: Int) {
      for block in 0..<form.blocks {
        let unit = block * width
        kernels.vectorAdd(
          min(width, units - unit), values + bias + Int(gate) * units + unit,
          start.pointer + startOffset(block, panel))
      }
    }
    for (panel, gate) in cell.inputGates.enumerated() { add(gate, panel, inputBias) }
    for part in cell.recurrentGates {
      for (place, gate) in part.gates.enumerated() { add(gate, part.first + place, recurrentBias) }
    }
  }

  /// Panels that take a sum of the input lie first, block by block; the others follow.
  private func startOffset(_ block: Int, _ panel: Int) -> Int {
    let count = cell.inputGates.count
    return panel < count
      ? (block * count + panel) * form.width
      : (form.blocks * count + block * (form.panels - count) + panel - count) * form.width
  }

  /// gates = input · weightᵀ + biases, for the rows of a chunk.
  private func sumInput(_ input: LayerInput<S>, _ chunk: Unrolling.Chunk) {
    let target = gates.row(chunk.start)
    if let index = input.index {
      index.withUnsafeBufferPointer { index in
        guard let base = index.baseAddress else { return }
        kernels.panelsGather(
          chunk.rows, form.blocks * form.panels, base + chunk.start, distinct.pointer,
          input.count * form.width, target, chunk.rows * form.width)
      }
    } else {
      sum(input.pointer + chunk.start * inputWidth, chunk.rows, target)
    }
  }

  private func sumDistinct(_ input: LayerInput<S>, _ rows: Int) {
    distinct.reshape(rows: input.count, columns: form.columns)
    sum(input.pointer, input.count, distinct.pointer)
  }

  private func sum(_ rows: UnsafePointer<S>, _ count: Int, _ target: UnsafeMutablePointer<S>) {
    layInput(rows, count)
    form.multiply(
      panelInput.pointer, leftRows: count, rows: count, inner: inputWidth, weights: inputWeights,
      blocks: 0..<form.blocks, start: start.pointer, into: target, chunkRows: count)
    for panel in cell.inputGates.count..<form.panels {
      for block in 0..<form.blocks {
        kernels.rowsFill(
          count, form.width, start.pointer + startOffset(block, panel),
          target + form.offset(block: block, panel: panel, rows: count))
      }
    }
  }

  /// Lays rows of the input into panels.
  func layInput(_ rows: UnsafePointer<S>, _ count: Int) {
    panelInput.reshape(rows: count, columns: form.panels(inputWidth) * form.width)
    form.lay(rows, rows: count, columns: inputWidth, into: panelInput.pointer, panelRows: count)
  }

  // MARK: Blocks

  /// A step, with the pointers of its first block.
  func cellBlock(_ step: Unrolling.Step, _ chunk: Unrolling.Chunk) -> CellBlock<S> {
    let row = step.start - chunk.start
    return CellBlock(
      rows: step.rows, unit: 0, count: 0, stride: units, panel: chunk.rows * form.width,
      gates: gates.row(chunk.start) + row * form.width, previousHidden: hidden.row(step.previous),
      hidden: hidden.row(step.current),
      previousMemory: cell.hasMemory ? memory.row(step.previous) : hidden.pointer,
      memory: cell.hasMemory ? memory.row(step.current) : hidden.pointer,
      kept: cell.hasKept ? kept.row(step.start) : hidden.pointer)
  }

  func block(_ index: Int, of step: CellBlock<S>) -> CellBlock<S> {
    let unit = index * form.width
    var block = step
    block.unit = unit
    block.count = min(form.width, units - unit)
    block.gates += index * form.panels * step.panel
    block.previousHidden += unit
    block.hidden += unit
    block.previousMemory += unit
    block.memory += unit
    block.kept += unit
    return block
  }
}
