public import Philox

/// Which random numbers the masks of dropout take.
public struct DropoutKey: Hashable, Sendable {
  /// The numbers of the trial.
  public var philox: Philox
  /// The step of training: each has masks of its own.
  public var step: UInt32

  /// A key.
  ///
  /// - Parameters:
  ///   - philox: The numbers of the trial.
  ///   - step: The step of training.
  public init(philox: Philox, step: UInt32) {
    self.philox = philox
    self.step = step
  }
}

/// An input (a table of embeddings, or rows of values), a stack of recurrent layers, a read-out and a
/// linear head, with their gradients.
///
/// A model belongs to one thread at a time. Its workspace grows to the largest batch it has seen;
/// after that nothing is allocated.
public final class Model<S: Scalar> {
  /// What decides shapes and equations.
  public let plan: ModelPlan
  /// Where each parameter lies.
  public let layout: ParameterLayout
  /// All parameters; zero until ``initialize(_:)`` or an assignment.
  public let parameters: Buffer<S>
  /// The sum of the gradients of all passes since ``zeroGradient()``.
  public let gradient: Gradient<S>

  private let embedding: Embedding<S>?
  let stages: [Stage<S>]
  /// One after each layer but the last, and one before the head.
  private let dropouts: [Dropout<S>]
  private let readout: Readout<S>
  private let head: Head<S>

  private(set) var unrolling: Unrolling
  /// The batch of the last forward pass, until the backward pass; what entered each layer lives in
  /// the batch, in the embedding or in the layer below.
  private var batch: PackedBatch<S>?
  private var inputs: [UnsafeMutablePointer<S>] = []
  /// [N, width] gradients of what enters a layer, one for each, and [R, H] of what enters the head.
  private let inputGradients: [Matrix<S>]

  /// A model whose parameters are all zero.
  public init(_ plan: ModelPlan) {
    self.plan = plan
    layout = ParameterLayout(plan)
    parameters = Buffer(count: layout.bufferCount)
    gradient = Gradient(layout)
    unrolling = Unrolling(plan)
    embedding = Embedding(layout)
    stages = (0..<plan.layers).map { [layout] in Stage(plan, layout, layer: $0) }
    dropouts = (0..<plan.layers).map {
      Dropout(
        rate: plan.dropout, plan.maskPlace(after: $0), isVariational: plan.isDropoutVariational)
    }
    readout = Readout(plan)
    head = Head(plan, layout)
    inputGradients = (0..<plan.layers).map { _ in Matrix() }
  }

  /// Computes the logits of a batch: [rows, outputs] if the read-out is `every`, else [sequences,
  /// outputs] in the batch's sorted order.
  ///
  /// - Parameters:
  ///   - batch: Sequences.
  ///   - dropout: The key of the masks in training; nil in evaluation.
  ///   - initial: The states to begin with, in the batch's sorted order; nil: zero.
  /// - Returns: A matrix that the next call overwrites.
  @_specialize(where S == Float)
  public func forward(
    _ batch: PackedBatch<S>, dropout: DropoutKey? = nil, from initial: RecurrentState<S>? = nil
  ) -> Matrix<S> {
    check(batch)
    precondition(
      initial.map { $0.sequences == batch.sequenceCount } ?? true, "states of other sequences")
    self.batch = batch
    unrolling.lay(batch, reverses: plan.isBidirectional)
    inputs.removeAll(keepingCapacity: true)
    return withDenormalsFlushed {
      var flowing = parameters.pointer
      withFirstInput(batch, isForward: true) { input in
        flowing = stages[0].forward(
          input, unrolling, parameters: parameters.pointer,
          initial: { initial?.layer($0) }, dropout)
      }
      for index in 1..<max(plan.layers, 1) {
        let entering = dropouts[index - 1].forward(
          flowing, rows: unrolling.rows, columns: plan.outputWidth, owners: batch.owners, dropout)
        inputs.append(entering)
        flowing = stages[index].forward(
          LayerInput(pointer: entering, count: unrolling.rows), unrolling,
          parameters: parameters.pointer,
          initial: { initial?.layer(index * plan.directions + $0) }, dropout)
      }
      let rows = readout.rowCount(batch)
      let features = dropouts[plan.layers - 1].forward(
        readout.forward(flowing, batch), rows: rows, columns: plan.outputWidth,
        owners: plan.readout == .every ? batch.owners : nil, dropout)
      return head.forward(features, rows: rows, parameters: parameters.pointer)
    }
  }

  /// Copies the states that the last forward pass ended with, to go on from them with a batch of the
  /// same sequences: truncated back-propagation through time.
  public func copyState(of batch: PackedBatch<S>, into state: RecurrentState<S>) {
    state.reshape(batch.sequenceCount)
    for (index, stage) in stages.enumerated() {
      stage.copyFinal(batch, unrolling, into: state, at: index)
    }
  }

  /// Adds to ``gradient`` what the last forward pass contributes, given the gradient of its result. To
  /// be called at most once for each forward pass.
  ///
  /// - Returns: The gradient of the values of the batch, row by row, if it was asked for.
  @discardableResult
  @_specialize(where S == Float)
  public func backward(_ upstream: Matrix<S>, wantsInputGradient: Bool = false) -> Matrix<S>? {
    guard let batch else { preconditionFailure("a backward pass without a forward pass") }
    self.batch = nil
    precondition(
      upstream.rows == readout.rowCount(batch) && upstream.columns == plan.outputs,
      "the gradient of the result is [\(upstream.rows), \(upstream.columns)]")
    return withDenormalsFlushed {
      let top = plan.layers - 1
      if plan.isTied { gradient.useAllRows() }
      var flowing = head.backward(
        upstream, parameters: parameters.pointer, gradient: gradient.buffer.pointer)
      dropouts[top].backward(flowing)
      flowing = readout.backward(flowing, batch)
      for layer in stride(from: top, to: 0, by: -1) {
        stages[layer].backward(
          LayerInput(pointer: inputs[layer - 1], count: unrolling.rows), unrolling,
          upstream: flowing, parameters: parameters.pointer, gradient: gradient.buffer.pointer,
          inputGradient: inputGradients[layer])
        flowing = inputGradients[layer].pointer
        dropouts[layer - 1].backward(flowing)
      }
      let isWanted = embedding != nil || wantsInputGradient
      withFirstInput(batch, isForward: false) { input in
        stages[0].backward(
          input, unrolling, upstream: flowing, parameters: parameters.pointer,
          gradient: gradient.buffer.pointer, inputGradient: isWanted ? inputGradients[0] : nil)
      }
      embedding?.backward(inputGradients[0], gradient)
      return embedding == nil && wantsInputGradient ? inputGradients[0] : nil
    }
  }

  /// The gradient of the states that the last forward pass was given, after its backward pass.
  public func copyInitialGradient(into state: RecurrentState<S>) {
    state.reshape(unrolling.sequences)
    for (index, stage) in stages.enumerated() {
      for (direction, layer) in stage.layers.enumerated() {
        let row = (index * plan.directions + direction) * unrolling.sequences
        let count = unrolling.sequences * plan.hidden
        state.hidden.row(row).copy(from: layer.initialHiddenGradient.pointer, count: count)
        if state.hasMemory {
          state.memory.row(row).copy(from: layer.memoryGradient.pointer, count: count)
        }
      }
    }
  }

  /// Sets the gradient to zero.
  public func zeroGradient() { gradient.zero() }

  private func check(_ batch: PackedBatch<S>) {
    switch plan.input {
    case .tokens:
      precondition(!batch.tokens.isEmpty, "the model reads tokens, the batch holds values")
    case .values(let channels):
      precondition(
        batch.channels == channels,
        "the model reads \(channels) channels, the batch holds \(batch.channels)")
    }
  }

  private func withFirstInput(
    _ batch: PackedBatch<S>, isForward: Bool, _ body: (LayerInput<S>) -> Void
  ) {
    if let embedding {
      body(isForward ? embedding.forward(batch, parameters: parameters.pointer) : embedding.input)
    } else {
      batch.values.withUnsafeBufferPointer { values in
        guard let pointer = values.baseAddress else { return }
        body(LayerInput(pointer: pointer, count: batch.rowCount))
      }
    }
  }
}

/// A model belongs to one thread at a time.
@available(*, unavailable)
extension Model: Sendable {}
