import COpenBLAS

/// How an operand of a product lies in memory.
enum Orientation: Sendable {
  case plain
  case transposed
}

/// result [rows, columns] = left [rows, inner] · right [inner, columns]; strides are those of the
/// rows as they lie in memory.
struct ProductShape: Sendable {
  var rows: Int32
  var columns: Int32
  var inner: Int32
  var leftStride: Int32
  var rightStride: Int32
  var resultStride: Int32
}

/// The operands of a product.
struct ProductPointers<S> {
  var left: UnsafePointer<S>
  var right: UnsafePointer<S>
  var result: UnsafeMutablePointer<S>
}

/// Products never use a second thread: one trial, one thread, and one order of summation.
private let isSingleThreaded: Void = openblas_set_num_threads(1)

extension Kernels {
  /// result [rows, columns] = left [rows, inner] · right [inner, columns] + (adding ? result : 0).
  /// Each lies densely in memory, a transposed operand as its transpose.
  func multiply(
    _ left: Constant, _ leftOrientation: Orientation = .plain,
    _ right: Constant, _ rightOrientation: Orientation = .plain,
    into result: Pointer, rows: Int, columns: Int, inner: Int, adding: Bool
  ) {
    _ = isSingleThreaded
    guard rows > 0 && columns > 0 && inner > 0 else {
      if !adding { result.zero(count: rows * columns) }
      return
    }
    let shape = ProductShape(
      rows: Int32(rows), columns: Int32(columns), inner: Int32(inner),
      leftStride: Int32(leftOrientation == .plain ? inner : rows),
      rightStride: Int32(rightOrientation == .plain ? columns : inner),
      resultStride: Int32(columns))
    product(
      leftOrientation, rightOrientation, shape, adding ? 1 : 0,
      ProductPointers(left: left, right: right, result: result))
  }
}

/// result = matrix · vector, or matrixᵀ · vector, or adds it; the matrix [rows, columns] lies row by row.
func multiplyVector(
  _ matrix: UnsafePointer<Double>, _ orientation: Orientation, rows: Int, columns: Int,
  _ vector: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>, adding: Bool
) {
  _ = isSingleThreaded
  cblas_dgemv(
    CblasRowMajor, orientation == .plain ? CblasNoTrans : CblasTrans, Int32(rows), Int32(columns),
    1,
    matrix, Int32(columns), vector, 1, adding ? 1 : 0, result, 1)
}
