import CKernels
import Philox

/// Where the random numbers of one mask of a model lie. Each mask has a range of blocks of its own, so that no
/// mask moves when another one grows, as it does with the lengths of the sequences.
struct MaskPlace {
  /// The first block of the range.
  let start: UInt32

  /// - Parameters:
  ///   - index: The mask, from 0.
  ///   - count: The masks of the model.
  init(_ index: Int, of count: Int) {
    start = UInt32(truncatingIfNeeded: (UInt64(index) << 32) / UInt64(count))
  }

  /// Where the random bits of a mask come from.
  func source(_ key: DropoutKey) -> mask_source {
    mask_source(
      counter: (start, key.step, key.philox.trial, RandomStream.dropout.rawValue),
      key: key.philox.key)
  }
}

extension ModelPlan {
  /// The mask after a layer, or before the head.
  func maskPlace(after layer: Int) -> MaskPlace {
    MaskPlace(layer, of: maskCount)
  }

  /// The mask on the recurrent path of a layer.
  func recurrentMaskPlace(layer: Int, _ direction: Direction) -> MaskPlace {
    MaskPlace(layers + layer * directions + (direction == .forward ? 0 : 1), of: maskCount)
  }

  private var maskCount: Int { layers * (1 + directions) }
}

/// Sets a random share of numbers to zero and scales the others, so that the mean stays.
final class Dropout<S: Scalar> {
  private let kernels = S.kernels
  /// A number stays if its 16 random bits are at least this.
  private let threshold: UInt16
  private let scale: S
  private let mask = Matrix<S>()
  private let result = Matrix<S>()
  private var isActive = false

  /// One mask for each sequence, spread over its rows, and not one for each row.
  private let isVariational: Bool
  /// [B, columns]
  private let perSequence = Matrix<S>()

  private let place: MaskPlace

  init(rate: Double, _ place: MaskPlace, isVariational: Bool = false) {
    (threshold, scale) = Self.scale(rate: rate)
    self.place = place
    self.isVariational = isVariational
  }

  /// The threshold of the random bits, and the factor of what stays. The share is rounded to a
  /// multiple of 2⁻¹⁶.
  static func scale(rate: Double) -> (threshold: UInt16, scale: S) {
    let threshold = UInt16(min((rate * 0x1p16).rounded(), 65535))
    return (threshold, S(0x1p16 / (0x1p16 - Double(threshold))))
  }

  /// The masked rows, or the same rows if there is no key.
  ///
  /// - Parameters:
  ///   - from: [rows, columns]
  ///   - rows: Their number.
  ///   - columns: Their width.
  ///   - owners: The sequence of each row; nil if each row is one.
  ///   - key: Which random numbers.
  /// - Returns: Rows that the next call overwrites.
  func forward(
    _ from: UnsafeMutablePointer<S>, rows: Int, columns: Int, owners: [Int32]? = nil,
    _ key: DropoutKey?
  ) -> UnsafeMutablePointer<S> {
    isActive = key != nil && threshold > 0
    guard let key, isActive else { return from }
    mask.reshape(rows: rows, columns: columns)
    result.reshape(rows: rows, columns: columns)
    if isVariational, let owners {
      perSequence.reshape(rows: Int(owners.max() ?? 0) + 1, columns: columns)
      draw(perSequence, key)
      kernels.rowsGather(rows, columns, owners, perSequence.pointer, mask.pointer)
    } else {
      draw(mask, key)
    }
    kernels.vectorMultiply(mask.count, from, mask.pointer, result.pointer)
    return result.pointer
  }

  private func draw(_ mask: Matrix<S>, _ key: DropoutKey) {
    var source = place.source(key)
    kernels.vectorMask(mask.count, &source, threshold, scale, mask.pointer)
  }

  /// Turns the gradient of the masked rows into that of the rows, in place.
  func backward(_ gradient: UnsafeMutablePointer<S>) {
    guard isActive else { return }
    kernels.vectorMultiply(mask.count, gradient, mask.pointer, gradient)
  }
}
