public import Recurrent

/// Immutable bytes that a trial produced.
public struct Artifact: Hashable, Sendable {
  /// Its name, such as `model.safetensors`.
  public let name: String
  /// What kind of bytes these are.
  public let mediaType: String
  /// The bytes.
  public let bytes: [UInt8]
  /// Their SHA-256 in hexadecimal digits.
  public let sha256: String

  init(name: String, mediaType: String, bytes: [UInt8]) {
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    sha256 = Digest.text(of: bytes)
  }

  /// The names of artifacts.
  public enum Name {
    /// The weights with PyTorch's names and layouts.
    public static let model = "model.safetensors"
    /// The weights that training began with, if the plan keeps them.
    public static let initial = "initial.safetensors"
    /// The tokens by index, an array of strings; only for texts.
    public static let vocabulary = "vocabulary.json"
    /// The labels by index, an array of strings; only for classes.
    public static let labels = "labels.json"
    /// The resolved plan, the shape of the model and the encoding of the data.
    public static let plan = "plan.json"
  }

  /// The weights of a model with PyTorch's names.
  static func weights(
    _ name: String, _ model: Model<Float>, metadata: [String: String]
  ) -> Artifact {
    let tensors = model.layout.entries.map { entry in
      SafeTensors.Tensor(
        name: entry.name, shape: entry.shape,
        elements: Array(
          UnsafeBufferPointer(start: model.parameters.pointer + entry.offset, count: entry.count)))
    }
    return Artifact(
      name: name, mediaType: "application/vnd.safetensors",
      bytes: SafeTensors(tensors, metadata: metadata).encoded())
  }

  /// The model and what is needed to use it.
  static func all(
    _ plan: Plan, _ data: PreparedData, _ model: Model<Float>, initial: Model<Float>?,
    threshold: Double?
  ) -> [Artifact] {
    let metadata = [
      "format": "pt", "cell": model.plan.cell.rawValue, "dataset": data.datasetVersion,
      "nonlinearity": model.plan.nonlinearity.rawValue,
    ]
    let document = PlanDocument(
      formatVersion: 1, plan: plan, network: model.plan, encoding: data.encoding,
      dataset: data.datasetVersion, threshold: threshold)
    var artifacts = [
      weights(Name.model, model, metadata: metadata),
      json(Name.plan, document),
    ]
    if let initial { artifacts.append(weights(Name.initial, initial, metadata: metadata)) }
    if let vocabulary = data.vocabulary {
      artifacts.append(json(Name.vocabulary, vocabulary.tokens))
    }
    if let labels = data.encoding.labels { artifacts.append(json(Name.labels, labels)) }
    return artifacts
  }

  private static func json(_ name: String, _ value: some Encodable) -> Artifact {
    Artifact(name: name, mediaType: "application/json", bytes: CanonicalJSON.encode(value))
  }
}

/// `plan.json`: what was trained, and how its inputs and outputs are to be read.
public struct PlanDocument: Codable, Hashable, Sendable {
  /// The version of this document's form.
  public var formatVersion: Int
  /// The plan with everything filled in.
  public var plan: Plan
  /// The shape of the model.
  public var network: ModelPlan
  /// What turns raw inputs into a model's inputs and its outputs into answers.
  public var encoding: Encoding
  /// The version of the dataset.
  public var dataset: String
  /// The probability from which on the positive one of two labels is meant; nil: a half.
  public var threshold: Double?
}

extension PlanDocument {
  /// Reads one.
  ///
  /// - Parameter bytes: Those of the artifact `plan.json`.
  /// - Throws: ``ArtifactError`` if they are none of this version.
  public init(decoding bytes: [UInt8]) throws(ArtifactError) {
    guard let document = try? CanonicalJSON.decode(Self.self, from: bytes),
      document.formatVersion == 1
    else {
      throw ArtifactError(
        artifact: Artifact.Name.plan, found: "another document", allowed: "a plan of version 1")
    }
    self = document
  }
}
