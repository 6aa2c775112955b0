internal import Recurrent

/// Bytes from which this trial cannot go on.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with the bytes.
  public enum Code: Hashable, Sendable {
    /// They do not begin as a checkpoint does.
    case notACheckpoint
    /// They were written by another version of the program.
    case unsupportedVersion
    /// They end early, or their digest is another.
    case damaged
    /// They belong to a trial with another plan, another dataset or another model.
    case foreign
  }

  /// What is wrong with the bytes.
  public let code: Code
  /// The same, in words.
  public let detail: String

  /// One line.
  public var description: String { "cannot resume from this checkpoint: \(detail)" }
}

/// All that a trial needs to go on bit for bit: weights, optimizer, the best weights so far, the
/// position in the data and the sums of the epoch under way. Random numbers need nothing: they are
/// counted from the position.
///
/// The bytes: "UNROLLCK", uint32 version, uint32 length of the header, the header as JSON, the vectors
/// as float32 (weights, best weights if there are any, the optimizer's), SHA-256 of all before it; all
/// little-endian.
public struct Checkpoint: Hashable, Sendable {
  /// The encoded checkpoint.
  public let bytes: [UInt8]
  let header: Header
  let vectors: [[Float]]

  struct Header: Codable, Hashable {
    /// Digest of the plan and of the dataset's version.
    var plan: String
    /// Digest of names, shapes and offsets of the parameters.
    var layout: String
    /// The epoch under way, from 0.
    var epoch: Int
    /// The next batch of that epoch.
    var batch: Int
    var optimizerSteps: Int
    var tally: Tally
    var bestEpoch: Int?
    var bestValue: Double?
    var bestTies: [Double]?
    var bestLoss: Double?
    /// Epochs since the objective last improved, and how often that was too many.
    var stale: Int
    var plateaus: Int
    var vectorSize: Int
    var vectorCount: Int
  }

  private static let magic = Array("UNROLLCK".utf8)
  private static let formatVersion: UInt32 = 2

  /// The epoch under way, from 1, or one more than there are if all are done.
  public var epoch: Int { header.epoch + 1 }
  /// The batches of that epoch that are done.
  public var batch: Int { header.batch }
  /// The steps that the optimizer has taken.
  public var step: Int { header.optimizerSteps }

  init(_ header: Header, vectors: [[Float]]) {
    self.header = header
    self.vectors = vectors
    let json = CanonicalJSON.encode(header)
    var writer = ByteWriter()
    writer.append(Self.magic)
    writer.append(Self.formatVersion)
    writer.append(UInt32(json.count))
    writer.append(json)
    for vector in vectors { writer.append(vector) }
    writer.append(Digest.bytes(of: writer.bytes))
    bytes = writer.bytes
  }

  /// Reads a checkpoint. Whether it belongs to a trial is seen when the trial resumes from it.
  public init(decoding bytes: [UInt8]) throws(CheckpointError) {
    let damaged = CheckpointError(code: .damaged, detail: "its bytes are damaged or cut off")
    guard bytes.starts(with: Self.magic) else {
      throw CheckpointError(
        code: .notACheckpoint, detail: "the bytes do not begin with UNROLLCK")
    }
    var reader = ByteReader(bytes[8...])
    guard let version = reader.read(UInt32.self) else { throw damaged }
    guard version == Self.formatVersion else {
      throw CheckpointError(
        code: .unsupportedVersion,
        detail: "format version \(version), this program reads \(Self.formatVersion)")
    }
    guard bytes.count > 48, Digest.bytes(of: bytes.dropLast(32)).elementsEqual(bytes.suffix(32)),
      let size = reader.read(UInt32.self), let json = reader.read(count: Int(size)),
      let header = try? CanonicalJSON.decode(Header.self, from: json), header.vectorSize >= 0
    else { throw damaged }
    var vectors: [[Float]] = []
    for _ in 0..<max(header.vectorCount, 0) {
      guard let vector = reader.readFloats(header.vectorSize) else { throw damaged }
      vectors.append(vector)
    }
    guard reader.remaining == 32 else { throw damaged }
    self.bytes = bytes
    self.header = header
    self.vectors = vectors
  }

  /// Refuses a checkpoint of another trial: of none of these plans.
  func check(plans: [String], layout: String, vectors expected: ClosedRange<Int>, size: Int)
    throws(CheckpointError)
  {
    guard header.layout == layout, header.vectorSize == size else {
      throw CheckpointError(code: .foreign, detail: "it is of a model with other shapes")
    }
    guard plans.contains(header.plan) else {
      throw CheckpointError(code: .foreign, detail: "it is of another plan or another dataset")
    }
    guard expected.contains(vectors.count), (header.bestEpoch == nil) == (header.bestValue == nil),
      vectors.count == expected.upperBound || header.bestEpoch == nil
    else { throw CheckpointError(code: .foreign, detail: "its vectors are not those expected") }
  }
}

extension Plan {
  /// What two runs must share for one to go on from the other's checkpoint. The number of epochs is
  /// not part of it unless the learning rate depends on it: a trial may be given more of them.
  func digest(dataset: String) -> String {
    var plan = self
    if training.schedule != .cosine && training.schedule != .oneCycle { plan.training.epochs = 0 }
    return Digest.text(of: CanonicalJSON.encode(plan) + Array(dataset.utf8))
  }
}

extension ParameterLayout {
  /// Digest of names, shapes and offsets.
  var digest: String {
    let lines = entries.map { "\($0.name) \($0.shape) \($0.offset)\n" }.joined()
    return Digest.text(of: Array("\(lines)\(bufferCount)".utf8))
  }
}
