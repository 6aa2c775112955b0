import Glibc

/// Changes parameters along a gradient.
public final class Optimizer<S: Scalar> {
  /// All that a checkpoint needs of an optimizer.
  public struct State: Sendable {
    /// The number of steps taken.
    public var steps: Int
    /// Vectors in the layout of the parameters, in the order of ``OptimizerPlan/stateNames``.
    public var vectors: [[S]]

    /// A state.
    public init(steps: Int, vectors: [[S]]) {
      self.steps = steps
      self.vectors = vectors
    }
  }

  private let kernels = S.kernels
  /// The equations and their constants.
  public let plan: OptimizerPlan
  /// The number of steps taken.
  public private(set) var steps = 0
  /// Vectors in the layout of the parameters, in the order of ``OptimizerPlan/stateNames``.
  public let vectors: [Buffer<S>]

  /// An optimizer that has taken no step.
  public init(_ plan: OptimizerPlan, _ layout: ParameterLayout) {
    self.plan = plan
    vectors = plan.stateNames.map { _ in Buffer(count: layout.bufferCount) }
  }

  /// The state, to go on later bit for bit.
  public var state: State {
    get { State(steps: steps, vectors: vectors.map(\.elements)) }
    set {
      precondition(
        newValue.vectors.count == vectors.count,
        "\(newValue.vectors.count) vectors, \(vectors.count) expected")
      steps = newValue.steps
      for (buffer, elements) in zip(vectors, newValue.vectors) { buffer.assign(elements) }
    }
  }

  /// Takes one step. Each parameter moves as if the whole gradient were read, but parts known to be
  /// zero are not.
  public func step(_ parameters: Buffer<S>, _ gradient: Gradient<S>, learningRate: Double) {
    precondition(parameters.count == gradient.buffer.count, "parameters and gradient differ")
    steps += 1
    let step = Step<S>(plan, number: steps, learningRate: learningRate)
    withDenormalsFlushed {
      var start = 0
      for range in gradient.nonzeroRanges {
        if start < range.lowerBound { update(start..<range.lowerBound, step, parameters, nil) }
        update(range, step, parameters, gradient.buffer.pointer)
        start = range.upperBound
      }
      if start < parameters.count { update(start..<parameters.count, step, parameters, nil) }
    }
  }

  /// Updates a part of the flat buffer, whose gradient is zero if none is given.
  private func update(
    _ part: Range<Int>, _ step: Step<S>, _ parameters: Buffer<S>,
    _ gradient: UnsafeMutablePointer<S>?
  ) {
    let start = part.lowerBound
    let parameters = parameters.pointer + start
    let gradient = gradient.map { $0 + start }
    switch plan {
    case .sgd:
      let velocity = vectors.first.map { $0.pointer + start }
      kernels.sgdStep(
        part.count, parameters, gradient, velocity, step.rate, step.momentum, step.decay,
        step.isNesterov ? 1 : 0)
    case .rmsprop:
      let velocity = vectors.count > 1 ? vectors[1].pointer + start : nil
      kernels.rmspropStep(
        part.count, parameters, gradient, vectors[0].pointer + start, velocity, step.rate,
        step.beta2, step.rest2, step.epsilon, step.momentum, step.decay)
    case .adam, .adamw:
      kernels.adamStep(
        part.count, parameters, gradient, vectors[0].pointer + start, vectors[1].pointer + start,
        step.rate, step.beta1, step.rest1, step.beta2, step.rest2, step.epsilon, step.correction,
        step.shrink, step.decay)
    }
  }
}

/// The constants of one step in the type of the parameters, computed in Double: 1 - 0.999 in Float is
/// wrong in its fifth digit.
private struct Step<S: Scalar> {
  var rate: S
  var momentum: S = 0
  var isNesterov = false
  var epsilon: S = 0
  /// Added to the gradient, times the parameter.
  var decay: S = 0
  /// Weights of the former mean and of the gradient.
  var beta1: S = 0
  var rest1: S = 0
  /// Weights of the former mean of squares and of the squared gradient.
  var beta2: S = 0
  var rest2: S = 0
  /// 1 / √ of the share of the mean of squares that is not its initial zero.
  var correction: S = 1
  /// Factor of the parameters before the step.
  var shrink: S = 1

  init(_ plan: OptimizerPlan, number: Int, learningRate: Double) {
    rate = S(learningRate)
    switch plan {
    case .sgd(let momentum, let decay, let nesterov):
      isNesterov = nesterov
      self.momentum = S(momentum)
      self.decay = S(decay)
    case .rmsprop(let alpha, let momentum, let epsilon, let decay):
      self.momentum = S(momentum)
      self.epsilon = S(epsilon)
      self.decay = S(decay)
      (beta2, rest2) = (S(alpha), S(1 - alpha))
    case .adam(let beta1, let beta2, let epsilon, let decay):
      self.decay = S(decay)
      correctBias(beta1, beta2, epsilon, number, learningRate)
    case .adamw(let beta1, let beta2, let epsilon, let decay):
      shrink = S(1 - learningRate * decay)
      correctBias(beta1, beta2, epsilon, number, learningRate)
    }
  }

  private mutating func correctBias(
    _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ number: Int, _ learningRate: Double
  ) {
    rate = S(learningRate / (1 - pow(beta1, Double(number))))
    correction = S(1 / (1 - pow(beta2, Double(number))).squareRoot())
    self.epsilon = S(epsilon)
    (self.beta1, rest1) = (S(beta1), S(1 - beta1))
    (self.beta2, rest2) = (S(beta2), S(1 - beta2))
  }
}

/// An optimizer belongs to one thread at a time.
@available(*, unavailable)
extension Optimizer: Sendable {}
