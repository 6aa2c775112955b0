public import Recurrent

/// A trained model as its artifacts tell of it, to be written in other forms.
public struct ModelExport: Sendable {
  /// What was trained, and how its inputs and outputs are to be read.
  public let document: PlanDocument
  /// The tokens by index; nil if the input is no text.
  public let vocabulary: [String]?
  /// The parameters by name, each of the shape that the plan says.
  let parameters: [String: SafeTensors.Tensor]
  /// The probability from which on the positive one of two labels is meant; nil: a half.
  let threshold: Double?
  /// What of the plan no export knows.
  private let unknown: [String]

  /// The shape of the model.
  public var network: ModelPlan { document.network }
  /// What turns raw inputs into the model's, and its outputs into answers.
  public var encoding: Encoding { document.encoding }

  /// Reads a model.
  ///
  /// - Parameter artifacts: The bytes by name: `model.safetensors`, `plan.json` and, for texts,
  ///   `vocabulary.json`.
  /// - Throws: ``ArtifactError`` if one is missing or does not fit the others.
  public init(_ artifacts: [String: [UInt8]]) throws(ArtifactError) {
    // The predictor's reading is the strictest there is: what it takes can be used.
    document = try Predictor(artifacts).document
    let plan = artifacts[Artifact.Name.plan] ?? []
    let contents = try? CanonicalJSON.decode(PlanContents.self, from: plan)
    threshold = contents?.threshold
    unknown = contents?.unknown ?? ["encoding"]
    if document.encoding.tokens != nil {
      let bytes = artifacts[Artifact.Name.vocabulary] ?? []
      vocabulary = try? CanonicalJSON.decode([String].self, from: bytes)
    } else {
      vocabulary = nil
    }
    let tensors = try SafeTensors(decoding: artifacts[Artifact.Name.model] ?? []).tensors
    parameters = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  /// Refuses a model whose plan says what an export does not know.
  func checkKnown() throws(PlanError) {
    try PlanError.require(
      unknown.isEmpty, Artifact.Name.plan, found: unknown.joined(separator: ", "),
      allowed: "what this form of export knows; the form safetensors has it all")
  }

  /// A parameter that the plan is known to have.
  func parameter(_ name: String) -> SafeTensors.Tensor {
    guard let tensor = parameters[name] else { preconditionFailure("no parameter named \(name)") }
    return tensor
  }

  /// Whether the result is classes, not numbers.
  var hasClasses: Bool { ![.regress, .forecast].contains(encoding.task) }

  /// Whether each class has a sigmoid of its own, of which probabilities are shares.
  var hasSigmoids: Bool { hasClasses && document.plan.training.loss == .binary }

  /// What is to be known of numbers that an export computes; empty if there is nothing.
  public var precisionNote: String {
    network.precision == .bf16
      ? "trained with training.precision bf16; the export multiplies in float32, so its numbers "
        + "differ from those of unroll predict by the rounding of bf16"
      : ""
  }

  /// One line on what the model is, such as `lstm, 2 layers of 64 units, both ways`.
  var summary: String {
    var parts = [network.cell.rawValue]
    if network.cell == .rnn { parts[0] += " (\(network.nonlinearity.rawValue))" }
    parts.append(
      network.layers == 1
        ? "one layer of \(network.hidden) units"
        : "\(network.layers) layers of \(network.hidden) units")
    if network.isBidirectional { parts.append("both ways") }
    if network.cell == .gru, network.reset == .before { parts.append("reset before the product") }
    if network.peepholes { parts.append("peepholes") }
    if network.normalization == .layer { parts.append("layer normalization") }
    if network.isResidual, network.layers > 1 { parts.append("residual") }
    return parts.joined(separator: ", ")
  }
}
