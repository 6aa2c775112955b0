import Philox

/// Random numbers of one forward pass, used up block by block.
struct MaskSource {
  let key: DropoutKey
  private var block: UInt32 = 0

  init(_ key: DropoutKey) { self.key = key }

  /// Fills `words` with random bits, eight numbers of 16 bits a block.
  mutating func fill(_ words: inout [UInt16], count: Int) {
    words.removeAll(keepingCapacity: true)
    for _ in 0..<(count + 7) / 8 {
      let bits = key.philox.block(.dropout, step: key.step, index: block)
      block += 1
      for part in 0..<4 {
        words.append(UInt16(truncatingIfNeeded: bits[part]))
        words.append(UInt16(truncatingIfNeeded: bits[part] >> 16))
      }
    }
  }
}

/// Sets a random share of numbers to zero and scales the others, so that the mean stays.
final class Dropout<S: Scalar> {
  private let kernels = S.kernels
  /// A number stays if its 16 random bits are at least this.
  private let threshold: UInt16
  private let scale: S
  private let mask = Matrix<S>()
  private let result = Matrix<S>()
  private var words: [UInt16] = []
  private var isActive = false

  /// One mask for each sequence, spread over its rows, and not one for each row.
  private let isVariational: Bool
  /// [B, columns]
  private let perSequence = Matrix<S>()

  init(rate: Double, isVariational: Bool = false) {
    (threshold, scale) = Self.scale(rate: rate)
    self.isVariational = isVariational
  }

  /// The threshold of the random bits, and the factor of what stays. The share is rounded to a
  /// multiple of 2⁻¹⁶.
  static func scale(rate: Double) -> (threshold: UInt16, scale: S) {
    let threshold = UInt16(min((rate * 0x1p16).rounded(), 65535))
    return (threshold, S(0x1p16 / (0x1p16 - Double(threshold))))
  }

  /// The masked rows, or the same rows if there is no source.
  ///
  /// - Parameters:
  ///   - from: [rows, columns]
  ///   - rows: Their number.
  ///   - columns: Their width.
  ///   - owners: The sequence of each row; nil if each row is one.
  ///   - source: Random numbers.
  /// - Returns: Rows that the next call overwrites.
  func forward(
    _ from: UnsafeMutablePointer<S>, rows: Int, columns: Int, owners: [Int32]? = nil,
    _ source: inout MaskSource?
  ) -> UnsafeMutablePointer<S> {
    isActive = source != nil && threshold > 0
    guard isActive else { return from }
    mask.reshape(rows: rows, columns: columns)
    result.reshape(rows: rows, columns: columns)
    if isVariational, let owners {
      perSequence.reshape(rows: Int(owners.max() ?? 0) + 1, columns: columns)
      source?.fill(&words, count: perSequence.count)
      kernels.vectorMask(perSequence.count, words, threshold, scale, perSequence.pointer)
      kernels.rowsGather(rows, columns, owners, perSequence.pointer, mask.pointer)
    } else {
      source?.fill(&words, count: mask.count)
      kernels.vectorMask(mask.count, words, threshold, scale, mask.pointer)
    }
    kernels.vectorMultiply(mask.count, from, mask.pointer, result.pointer)
    return result.pointer
  }

  /// Turns the gradient of the masked rows into that of the rows, in place.
  func backward(_ gradient: UnsafeMutablePointer<S>) {
    guard isActive else { return }
    kernels.vectorMultiply(mask.count, gradient, mask.pointer, gradient)
  }
}
