import COpenBLAS

/// The loops for one type of number. Shapes and meanings: kernel_list.h of CKernels.
public struct Kernels<S: Scalar>: Sendable {
  typealias Pointer = UnsafeMutablePointer<S>
  typealias Constant = UnsafePointer<S>
  typealias Index = UnsafePointer<Int32>

  let rnnForward: @Sendable (Int, Int, Int32, Pointer, Pointer) -> Void
  let rnnBackward: @Sendable (Int, Int, Int32, Pointer, Constant, Constant) -> Void
  let lstmForward: @Sendable (Int, Int, Pointer, Constant, Pointer, Pointer, Pointer) -> Void
  let lstmBackward:
    @Sendable (Int, Int, Pointer, Constant, Constant, Constant, Constant, Pointer) -> Void
  let gruForward: @Sendable (Int, Int, Pointer, Constant, Constant, Pointer) -> Void
  let gruBackward: @Sendable (Int, Int, Pointer, Pointer, Constant, Constant, Pointer) -> Void

  let rowsFill: @Sendable (Int, Int, Constant, Pointer) -> Void
  let rowsGather: @Sendable (Int, Int, Index, Constant, Pointer) -> Void
  let rowsScatterAdd: @Sendable (Int, Int, Index, Constant?, Constant, Pointer) -> Void
  let rowsSpread: @Sendable (Int, Int, Index, Constant?, Constant, Pointer) -> Void
  let columnsAdd: @Sendable (Int, Int, Constant, Pointer) -> Void

  let vectorAdd: @Sendable (Int, Constant, Pointer) -> Void
  let vectorMultiply: @Sendable (Int, Constant, Constant, Pointer) -> Void
  let vectorScale: @Sendable (Int, S, Pointer) -> Void
  let vectorClamp: @Sendable (Int, S, Pointer) -> Void
  let vectorSquareSum: @Sendable (Int, Constant) -> Double
  let vectorMask: @Sendable (Int, UnsafePointer<UInt16>, UInt16, S, Pointer) -> Void
  let vectorTanh: @Sendable (Int, Constant, Pointer) -> Void
  let vectorSigmoid: @Sendable (Int, Constant, Pointer) -> Void
  let vectorExp: @Sendable (Int, Constant, Pointer) -> Void

  let softmax: @Sendable (Int, Int, Constant, Pointer) -> Void
  let crossEntropy: @Sendable (Int, Int, Constant, Index, S, Pointer?) -> Double
  let squaredError: @Sendable (Int, Constant, Constant, S, Pointer?) -> Double

  let sgdStep: @Sendable (Int, Pointer, Constant?, Pointer?, S, S, S) -> Void
  let rmspropStep:
    @Sendable (Int, Pointer, Constant?, Pointer, Pointer?, S, S, S, S, S, S) -> Void
  let adamStep:
    @Sendable (Int, Pointer, Constant?, Pointer, Pointer, S, S, S, S, S, S, S, S, S) -> Void

  /// result = left · right + scale × result, by OpenBLAS.
  let product:
    @Sendable (Orientation, Orientation, ProductShape, S, ProductPointers<S>) -> Void
}

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
let isSingleThreaded: Void = openblas_set_num_threads(1)

/// result [rows, columns] = left [rows, inner] · right [inner, columns] + (adding ? result : 0), all
/// packed densely in memory as written, or the other way round where an orientation says so.
func multiply<S: Scalar>(
  _ left: UnsafePointer<S>, _ leftOrientation: Orientation = .plain,
  _ right: UnsafePointer<S>, _ rightOrientation: Orientation = .plain,
  into result: UnsafeMutablePointer<S>, rows: Int, columns: Int, inner: Int, adding: Bool
) {
  _ = isSingleThreaded
  guard rows > 0 && columns > 0 else { return }
  let shape = ProductShape(
    rows: Int32(rows), columns: Int32(columns), inner: Int32(inner),
    leftStride: Int32(leftOrientation == .plain ? inner : rows),
    rightStride: Int32(rightOrientation == .plain ? columns : inner),
    resultStride: Int32(columns))
  S.kernels.product(
    leftOrientation, rightOrientation, shape, adding ? 1 : 0,
    ProductPointers(left: left, right: right, result: result))
}
