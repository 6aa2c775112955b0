public import Philox

/// Which random numbers the masks of dropout take.
public struct DropoutKey: Hashable, Sendable {
  /// The numbers of the trial.
  public var philox: Philox
  /// The step of training: each has masks of its own.
  public var step: UInt32

  /// A key.
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

  /// A model whose parameters are all zero.
  public init(_ plan: ModelPlan) {
    self.plan = plan
    layout = ParameterLayout(plan)
    parameters = Buffer(count: layout.bufferCount)
    gradient = Gradient(layout)
  }

  /// Draws the parameters from their usual distributions, always the same for the same numbers:
  /// N(0, 1) for an embedding, PyTorch's uniform for all else, and the forget bias of an LSTM in
  /// `bias_ih`, with a zero in `bias_hh`.
  public func initialize(_ philox: Philox) {
    var random = philox.sequence(.initialization)
    let bound = 1 / Double(plan.hidden).squareRoot()
    for entry in layout.entries {
      if entry.name == "embedding.weight" {
        parameters.fillNormal(entry.range, &random)
      } else {
        parameters.fillUniform(entry.range, bound: bound, &random)
      }
    }
    guard plan.cell == .lstm else { return }
    for layer in 0..<plan.layers {
      for (name, bias) in [("bias_ih", plan.forgetBias), ("bias_hh", 0)] {
        let start = layout.entry("recurrent.\(name)_l\(layer)").offset + plan.hidden
        (parameters.pointer + start).update(repeating: S(bias), count: plan.hidden)
      }
    }
  }

  /// Computes the logits of a batch: [sequences, outputs] in the batch's sorted order if the read-out
  /// is `last` or `mean`, [rows, outputs] if it is `every`.
  ///
  /// - Parameters:
  ///   - batch: Sequences.
  ///   - dropout: The key of the masks in training; nil in evaluation.
  /// - Returns: A matrix that the next call overwrites.
  public func forward(_ batch: PackedBatch<S>, dropout: DropoutKey? = nil) -> Matrix<S> {
    fatalError("not yet")
  }

  /// Adds to ``gradient`` what the last ``forward(_:dropout:)`` contributes, given the gradient of its
  /// result. To be called at most once for each forward pass.
  ///
  /// - Returns: The gradient of the values of the batch, row by row, if it was asked for.
  @discardableResult
  public func backward(_ upstream: Matrix<S>, wantsInputGradient: Bool = false) -> Matrix<S>? {
    fatalError("not yet")
  }

  /// Sets the gradient to zero.
  public func zeroGradient() { gradient.zero() }
}

/// A model belongs to one thread at a time.
@available(*, unavailable)
extension Model: Sendable {}
