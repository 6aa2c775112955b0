/// The loops for one type of number. Shapes and meanings: kernel_list.h of CKernels.
public struct Kernels<S: Scalar>: Sendable {
  package typealias Pointer = UnsafeMutablePointer<S>
  package typealias Constant = UnsafePointer<S>
  package typealias Index = UnsafePointer<Int32>

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
  package let vectorSquareSum: @Sendable (Int, Constant) -> Double
  let vectorMask: @Sendable (Int, UnsafePointer<UInt16>, UInt16, S, Pointer) -> Void
  package let vectorTanh: @Sendable (Int, Constant, Pointer) -> Void
  package let vectorSigmoid: @Sendable (Int, Constant, Pointer) -> Void
  package let vectorExp: @Sendable (Int, Constant, Pointer) -> Void

  let softmax: @Sendable (Int, Int, Constant, Pointer) -> Void
  let crossEntropy: @Sendable (Int, Int, Constant, Index, S, Pointer?) -> Double
  let squaredError: @Sendable (Int, Constant, Constant, S, Pointer?) -> Double

  let sgdStep: @Sendable (Int, Pointer, Constant?, Pointer?, S, S, S) -> Void
  let rmspropStep: @Sendable (Int, Pointer, Constant?, Pointer, Pointer?, S, S, S, S, S, S) -> Void
  let adamStep:
    @Sendable (Int, Pointer, Constant?, Pointer, Pointer, S, S, S, S, S, S, S, S, S) -> Void

  let productPackedCount: @Sendable (Int, Int) -> Int
  let productPack: @Sendable (Int, Int, Int32, Constant, Pointer) -> Void
  let productWithPacked:
    @Sendable (Int, Int, Int, Constant, Int32, Int, Constant, Pointer, Int32) -> Void

  let peakProbe: @Sendable (Int, S) -> S
  let peakProbeOperations: @Sendable () -> Int

  /// result = left · right + scale × result, by OpenBLAS.
  let product: @Sendable (Orientation, Orientation, ProductShape, S, ProductPointers<S>) -> Void
}
