/// One mask for all steps of a sequence on the way from a state to the next step (Gal and Ghahramani
/// 2016): the same units are silent from beginning to end.
final class VariationalMask<S: Scalar> {
  private let kernels = S.kernels
  private let threshold: UInt16
  private let scale: S
  /// [B, H]
  private let mask = Matrix<S>()
  /// [B_t, H]
  private let states = Matrix<S>()
  private var isActive = false

  private let place: MaskPlace

  init(rate: Double, _ place: MaskPlace) {
    (threshold, scale) = Dropout<S>.scale(rate: rate)
    self.place = place
  }

  /// Draws the mask of a pass; without a key there is none.
  func draw(rows: Int, columns: Int, _ key: DropoutKey?) {
    isActive = key != nil && threshold > 0
    guard let key, isActive else { return }
    mask.reshape(rows: rows, columns: columns)
    var source = place.source(key)
    kernels.vectorMask(mask.count, &source, threshold, scale, mask.pointer)
  }

  /// The states [B_t, H] from which a step goes on, masked.
  func apply(_ from: UnsafePointer<S>, _ rows: Int) -> UnsafeMutablePointer<S>? {
    guard isActive else { return nil }
    states.reshape(rows: rows, columns: mask.columns)
    kernels.vectorMultiply(states.count, from, mask.pointer, states.pointer)
    return states.pointer
  }

  /// Turns the gradient of masked states into that of the states, in place.
  func backward(_ gradient: UnsafeMutablePointer<S>, rows: Int) {
    guard isActive else { return }
    kernels.vectorMultiply(rows * mask.columns, gradient, mask.pointer, gradient)
  }
}
