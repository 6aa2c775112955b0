import COpenBLAS

/// How a matrix enters a product.
enum Orientation: Sendable {
  case plain
  case transposed
}

/// Products never use a second thread: one trial, one thread, and one order of summation.
private let isSingleThreaded: Void = openblas_set_num_threads(1)

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
