/// What `plan.json` says, key by key. An export computes what it was written for: a key that it does not
/// know may change what a model answers, and then there is none.
struct PlanContents: Decodable {
  /// Anything at all.
  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  private let encoding: [String: Anything]
  private let network: [String: Anything]
  /// The probability from which on the positive one of two labels is meant; nil: a half.
  let threshold: Double?

  private static let knownEncoding: Set = [
    "task", "tokens", "vocabulary_size", "channels", "maximum_length", "keep", "labels",
    "positive", "input_scale", "target_scale", "target_channel", "outputs", "features", "forecast",
  ]

  private static let knownNetwork: Set = [
    "input", "cell", "nonlinearity", "hidden", "layers", "dropout", "readout", "outputs",
    "forget_bias", "peepholes", "reset", "is_bidirectional", "is_residual", "normalization",
    "recurrent_dropout", "is_dropout_variational", "is_tied", "initializer", "chrono_steps",
    "precision",
  ]

  /// What no export knows, sorted.
  var unknown: [String] {
    func left(_ keys: [String: Anything], _ known: Set<String>, _ part: String) -> [String] {
      keys.keys.filter { !known.contains($0) }.map { "\(part).\($0)" }.sorted()
    }
    return left(encoding, Self.knownEncoding, "encoding")
      + left(network, Self.knownNetwork, "network")
  }
}
