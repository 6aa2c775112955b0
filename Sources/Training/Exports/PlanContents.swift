/// What `plan.json` says, key by key. An export computes what it was written for: a key that it does not
/// know may change what a model answers, and then there is none.
struct PlanContents: Decodable {
  /// Anything at all.
  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  /// The parts of the encoding that have keys of their own.
  private struct Keys: Decodable {
    let features: [String: Anything]?
    let forecast: [String: Anything]?
  }

  private let encoding: [String: Anything]
  private let inner: Keys
  private let network: [String: Anything]
  /// The probability from which on the positive one of two labels is meant; nil: a half.
  let threshold: Double?

  private static let knownEncoding: Set = [
    "task", "tokens", "vocabulary_size", "channels", "maximum_length", "keep", "labels",
    "positive", "input_scale", "target_scale", "target_channel", "outputs", "features", "forecast",
  ]

  private static let knownFeatures: Set = ["masked", "fill", "calendar"]

  private static let knownForecast: Set = [
    "horizon", "is_recursive", "logarithm", "period", "quantiles", "season", "naive_error",
  ]

  private static let knownNetwork: Set = [
    "input", "cell", "nonlinearity", "hidden", "layers", "dropout", "readout", "outputs",
    "forget_bias", "peepholes", "reset", "is_bidirectional", "is_residual", "normalization",
    "recurrent_dropout", "is_dropout_variational", "is_tied", "initializer", "chrono_steps",
    "precision",
  ]

  private enum CodingKeys: String, CodingKey {
    case encoding, network, threshold
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    encoding = try container.decode([String: Anything].self, forKey: .encoding)
    inner = try container.decode(Keys.self, forKey: .encoding)
    network = try container.decode([String: Anything].self, forKey: .network)
    threshold = try container.decodeIfPresent(Double.self, forKey: .threshold)
  }

  /// What no export knows, sorted.
  var unknown: [String] {
    func left(_ keys: [String: Anything], _ known: Set<String>, _ part: String) -> [String] {
      keys.keys.filter { !known.contains($0) }.map { "\(part).\($0)" }.sorted()
    }
    return left(encoding, Self.knownEncoding, "encoding")
      + left(inner.features ?? [:], Self.knownFeatures, "encoding.features")
      + left(inner.forecast ?? [:], Self.knownForecast, "encoding.forecast")
      + left(network, Self.knownNetwork, "network")
  }
}
