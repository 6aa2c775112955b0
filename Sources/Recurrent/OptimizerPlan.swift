/// An optimizer with its constants: PyTorch's equations, names and defaults. The learning rate is
/// not among them; see ``Schedule``.
public enum OptimizerPlan: Codable, Hashable, Sendable {
  /// Stochastic gradient descent; `weightDecay` is added to the gradient (L2).
  case sgd(momentum: Double = 0, weightDecay: Double = 0, nesterov: Bool = false)
  /// RMSProp; `weightDecay` is added to the gradient (L2).
  case rmsprop(
    alpha: Double = 0.99, momentum: Double = 0, epsilon: Double = 1e-8, weightDecay: Double = 0)
  /// Adam; `weightDecay` is added to the gradient (L2).
  case adam(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0)
  /// Adam with decoupled decay: the parameters shrink by rate × `weightDecay` at each step.
  case adamw(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)

  /// PyTorch's names of the vectors that the optimizer keeps for each parameter.
  public var stateNames: [String] {
    switch self {
    case .sgd(let momentum, _, _): momentum == 0 ? [] : ["momentum_buffer"]
    case .rmsprop(_, let momentum, _, _):
      momentum == 0 ? ["square_avg"] : ["square_avg", "momentum_buffer"]
    case .adam, .adamw: ["exp_avg", "exp_avg_sq"]
    }
  }
}
