/// A limit for gradients, applied before the step of an optimizer.
public enum Clip: Codable, Hashable, Sendable {
  /// No limit.
  case none
  /// Scales the whole gradient down to this Euclidean norm, as PyTorch's `clip_grad_norm_`.
  case norm(Double)
  /// Limits each component to plus and minus this value, as PyTorch's `clip_grad_value_`.
  case value(Double)

  /// Limits a gradient.
  ///
  /// - Parameters:
  ///   - gradient: The gradient.
  ///   - norm: Its norm, if that is known.
  public func apply<S>(to gradient: Gradient<S>, norm: Double? = nil) {
    switch self {
    case .none: break
    case .norm(let limit):
      precondition(limit > 0, "the limit of the norm is \(limit)")
      let norm = norm ?? gradient.norm
      let factor = limit / (norm + 1e-6)
      // A norm that is not a number passes on: the caller sees it in the result.
      if factor < 1 { gradient.scale(by: factor) }
    case .value(let limit):
      precondition(limit > 0, "the limit of the components is \(limit)")
      gradient.clamp(to: limit)
    }
  }
}
