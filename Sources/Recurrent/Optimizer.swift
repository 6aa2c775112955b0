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

  /// Replaces the number of steps taken, when the vectors are read in place.
  public func resume(steps: Int) { self.steps = steps }

  /// Takes one step. Each parameter moves as if the whole gradient were read, but parts known to be
  /// zero are not.
  public func step(_ parameters: Buffer<S>, _ gradient: Gradient<S>, learningRate: Double) {
    precondition(parameters.count == gradient.buffer.count, "parameters and gradient differ")
    steps += 1
    let update = update(learningRate: learningRate)
    withDenormalsFlushed {
      var start = 0
      for range in gradient.nonzeroRanges {
        if start < range.lowerBound { update(start..<range.lowerBound, parameters.pointer, nil) }
        update(range, parameters.pointer, gradient.buffer.pointer)
        start = range.upperBound
      }
      if start < parameters.count { update(start..<parameters.count, parameters.pointer, nil) }
    }
  }

  private typealias Update = (
    Range<Int>, _ parameters: UnsafeMutablePointer<S>, _ gradient: UnsafeMutablePointer<S>?
  ) -> Void

  /// The step as a function of a part of the flat buffer.
  private func update(learningRate: Double) -> Update {
    let pointers = vectors.map(\.pointer)
    let rate = S(learningRate)
    switch plan {
    case .sgd(let momentum, let decay):
      let velocity = pointers.first
      return { [kernels] part, parameters, gradient in
        let start = part.lowerBound
        kernels.sgdStep(
          part.count, parameters + start, gradient.map { $0 + start },
          velocity.map { $0 + start }, rate, S(momentum), S(decay))
      }
    case .rmsprop(let alpha, let momentum, let epsilon, let decay):
      let square = pointers[0]
      let velocity = pointers.count > 1 ? pointers[1] : nil
      return { [kernels] part, parameters, gradient in
        let start = part.lowerBound
        kernels.rmspropStep(
          part.count, parameters + start, gradient.map { $0 + start }, square + start,
          velocity.map { $0 + start }, rate, S(alpha), S(1 - alpha),
          S(epsilon), S(momentum), S(decay))
      }
    case .adam(let beta1, let beta2, let epsilon, let decay):
      return adam(
        pointers, learningRate, beta1, beta2, epsilon, shrink: 1, decay: decay)
    case .adamw(let beta1, let beta2, let epsilon, let decay):
      return adam(
        pointers, learningRate, beta1, beta2, epsilon, shrink: 1 - learningRate * decay, decay: 0)
    }
  }

  private func adam(
    _ pointers: [UnsafeMutablePointer<S>], _ learningRate: Double, _ beta1: Double,
    _ beta2: Double, _ epsilon: Double, shrink: Double, decay: Double
  ) -> Update {
    let mean = pointers[0]
    let square = pointers[1]
    let rate = S(learningRate / (1 - pow(beta1, Double(steps))))
    let correction = S(1 / (1 - pow(beta2, Double(steps))).squareRoot())
    let (retained1, retained2) = (S(beta1), S(beta2))
    let (fresh1, fresh2) = (S(1 - beta1), S(1 - beta2))
    return { [kernels] part, parameters, gradient in
      let start = part.lowerBound
      kernels.adamStep(
        part.count, parameters + start, gradient.map { $0 + start }, mean + start, square + start,
        rate, retained1, fresh1, retained2, fresh2, S(epsilon), correction, S(shrink), S(decay))
    }
  }
}

/// An optimizer belongs to one thread at a time.
@available(*, unavailable)
extension Optimizer: Sendable {}
