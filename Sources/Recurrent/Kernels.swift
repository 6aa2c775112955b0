import CKernels

/// The loops for one type of number. Shapes and meanings: kernel_list.h of CKernels.
public struct Kernels<S: Scalar>: Sendable {
  package typealias Pointer = UnsafeMutablePointer<S>
  package typealias Constant = UnsafePointer<S>
  package typealias Index = UnsafePointer<Int32>

  let rnnForward: @Sendable (Int, Int, Int32, Int, Pointer, Pointer) -> Void
  let rnnBackward: @Sendable (Int, Int, Int32, Int, Pointer, Constant, Pointer) -> Void
  let lstmForward:
    @Sendable (
      Int, Int, Int, Int, Pointer, Constant?, Int, Constant, Pointer, Pointer, Pointer
    ) -> Void
  let lstmBackward:
    @Sendable (
      Int, Int, Int, Int, Pointer, Constant?, Pointer?, Int, Constant, Constant, Constant,
      Constant, Pointer, Pointer, Pointer
    ) -> Void
  let gruForward: @Sendable (Int, Int, Int, Int, Pointer, Constant, Pointer) -> Void
  let gruBackward:
    @Sendable (Int, Int, Int, Int, Pointer, Constant, Constant, Pointer, Pointer) -> Void
  let gruResetForward: @Sendable (Int, Int, Int, Int, Pointer, Constant, Pointer) -> Void
  let gruResetFinish: @Sendable (Int, Int, Int, Int, Pointer, Constant, Pointer) -> Void
  let gruResetBackward:
    @Sendable (Int, Int, Int, Int, Pointer, Constant, Constant, Pointer, Pointer) -> Void
  let gruResetBegin:
    @Sendable (Int, Int, Int, Int, Pointer, Constant, Constant, Pointer, Pointer) -> Void

  let rowsFill: @Sendable (Int, Int, Constant, Pointer) -> Void
  let rowsMove: @Sendable (Int, Int, Index?, Constant, Int, Pointer, Int) -> Void
  let rowsLargest:
    @Sendable (Int, Int, Index, Constant, Pointer, UnsafeMutablePointer<Int32>) -> Void
  let rowsSpreadLargest: @Sendable (Int, Int, Constant, Index, Pointer) -> Void
  let rowsGather: @Sendable (Int, Int, Index, Constant, Pointer) -> Void
  let rowsScatterAdd: @Sendable (Int, Int, Index, Constant?, Constant, Pointer) -> Void
  let rowsSpread: @Sendable (Int, Int, Index, Constant?, Constant, Pointer) -> Void
  let columnsAdd: @Sendable (Int, Int, Constant, Pointer) -> Void

  let vectorAdd: @Sendable (Int, Constant, Pointer) -> Void
  let vectorMultiply: @Sendable (Int, Constant, Constant, Pointer) -> Void
  let vectorScale: @Sendable (Int, S, Pointer) -> Void
  let vectorClamp: @Sendable (Int, S, Pointer) -> Void
  package let vectorSquareSum: @Sendable (Int, Constant) -> Double
  let vectorMask: @Sendable (Int, UnsafePointer<mask_source>, UInt16, S, Pointer) -> Void
  package let vectorTanh: @Sendable (Int, Constant, Pointer) -> Void
  package let vectorSigmoid: @Sendable (Int, Constant, Pointer) -> Void
  package let vectorExp: @Sendable (Int, Constant, Pointer) -> Void

  let softmax: @Sendable (Int, Int, Constant, Pointer) -> Void
  let crossEntropy: @Sendable (Int, Int, Constant, Index, Constant?, S, S, Pointer?) -> Double
  let numberLoss: @Sendable (Int, Int, Int32, Constant, Constant, Constant?, S, Pointer?) -> Double

  let sgdStep: @Sendable (Int, Pointer, Constant?, Pointer?, S, S, S, Int32) -> Void
  let rmspropStep: @Sendable (Int, Pointer, Constant?, Pointer, Pointer?, S, S, S, S, S, S) -> Void
  let adamStep:
    @Sendable (Int, Pointer, Constant?, Pointer, Pointer, S, S, S, S, S, S, S, S, S) -> Void

  let panelWidth: @Sendable () -> Int
  let panelsUnpackAdd: @Sendable (Int, Int, Int, Index, Constant, Pointer) -> Void
  let panelsGather: @Sendable (Int, Int, Index, Constant, Int, Pointer, Int) -> Void
  /// The products with panels, by precision.
  let panelProducts: @Sendable (ModelPlan.Precision) -> PanelProducts<S>
  package let bf16Round: @Sendable (Int, Constant, Pointer) -> Void
  let normalizeForward:
    @Sendable (Int, Int, Int, Pointer, Constant, Constant, Pointer, Pointer) -> Void
  let normalizeBackward:
    @Sendable (Int, Int, Int, Pointer, Constant, Constant, Constant, Pointer, Pointer) -> Void
  let peakProbe: @Sendable (Int, S) -> S
  let peakProbeOperations: @Sendable () -> Int
}

/// The products of layers in one precision, and how their operands lie: see product_list.h and bf16_list.h of
/// CKernels.
struct PanelProducts<S: Scalar>: Sendable {
  typealias Pointer = UnsafeMutablePointer<S>
  typealias Constant = UnsafePointer<S>
  typealias Index = UnsafePointer<Int32>

  /// How many rows of P scalars a packed panel of so many rows takes.
  let depth: @Sendable (Int) -> Int
  /// Whether products of so many rows are whole: all panels of packed weights at once, not block by block.
  let isWhole: @Sendable (Int) -> Bool
  let lay: @Sendable (Int, Int, Constant, Pointer, Int) -> Void
  let pack: @Sendable (Int, Int, Int, Index, Constant, Pointer) -> Void
  let packBack: @Sendable (Int, Int, Int, Index, Constant, Pointer) -> Void
  let multiply:
    @Sendable (UnsafePointer<product_shape>, Constant, Constant, Pointer, Constant?, Int32) -> Void
  /// Makes operands of the gradients of gates; nil where they are operands as they are.
  let round: (@Sendable (Int, Int, Pointer, Int) -> Void)?
  let scatterAdd: @Sendable (Int, Int, Index, Constant, Int, Pointer, Int) -> Void
}
