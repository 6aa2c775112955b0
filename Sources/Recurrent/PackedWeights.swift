/// The right operand of many products, packed once for the loop that multiplies with it.
final class PackedWeights<S: Scalar> {
  private let kernels = S.kernels
  private let packed = Matrix<S>()
  private var inner = 0
  private var columns = 0

  /// Packs weights [inner, columns], or [columns, inner] if they are transposed. To be used while the
  /// same path of the kernels is.
  func pack(
    _ weights: UnsafePointer<S>, _ orientation: Orientation, inner: Int, columns: Int
  ) {
    self.inner = inner
    self.columns = columns
    packed.reshape(rows: 1, columns: kernels.productPackedCount(inner, columns))
    kernels.productPack(
      inner, columns, orientation == .transposed ? 1 : 0, weights, packed.pointer)
  }

  /// result [rows, columns] = left [rows, inner] · weights + (adding ? result : 0)
  func multiply(
    _ left: UnsafePointer<S>, rows: Int, into result: UnsafeMutablePointer<S>, adding: Bool
  ) {
    kernels.productWithPacked(
      rows, columns, inner, left, 0, inner, packed.pointer, result, adding ? 1 : 0)
  }
}
