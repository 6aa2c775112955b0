internal import Crypto

/// The SHA-256 digest of bytes.
public enum Digest {
  /// The digest as 32 bytes.
  public static func bytes(of content: some Collection<UInt8>) -> [UInt8] {
    if let digest = content.withContiguousStorageIfAvailable({
      Array(SHA256.hash(data: UnsafeRawBufferPointer($0)))
    }) {
      return digest
    }
    return Array(SHA256.hash(data: Array(content)))
  }

  /// A digest of bytes that come piece by piece.
  struct Running: ByteSink {
    private var hash = SHA256()

    mutating func take(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// The digest as 64 lower-case hexadecimal digits.
    var text: String { Array(hash.finalize()).hexadecimal }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  public static func text(of content: some Collection<UInt8>) -> String {
    bytes(of: content).hexadecimal
  }
}
