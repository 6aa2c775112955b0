internal import FoundationEssentials

/// Weights of a model that PyTorch trained or drew, brought to the names that models have here.
///
/// What a tensor is, its name and its shape tell, whatever module it stood in:
/// - `X.weight_ih_l0`, `X.weight_hh_l0`, `X.bias_ih_l0`, `X.bias_hh_l0`, and the same of further layers
///   and of `_reverse`, are the recurrent layers (`nn.RNN`, `nn.LSTM`, `nn.GRU`), for one X.
/// - `X.weight` [rows, columns] without `X.bias` is the embedding (`nn.Embedding`).
/// - `X.weight` [rows, columns] with `X.bias` [rows] is the head (`nn.Linear`).
///
/// X may be any path, or nothing at all. Where more than one fits, `embedding`, `recurrent` and `head`
/// are meant, or whoever imports says which.
public struct ImportedWeights: Sendable {
  /// Which modules are meant, as paths; nil where there is only one that fits.
  public struct Modules: Hashable, Sendable {
    /// Of the embedding.
    public var embedding: String?
    /// Of the recurrent layers.
    public var recurrent: String?
    /// Of the head.
    public var head: String?
    /// Modules or tensors that are left out.
    public var skipped: [String]

    /// Modules; those left out are found.
    public init(
      embedding: String? = nil, recurrent: String? = nil, head: String? = nil,
      skipped: [String] = []
    ) {
      (self.embedding, self.recurrent, self.head) = (embedding, recurrent, head)
      self.skipped = skipped
    }
  }

  /// The tensors by the names that they have here.
  public let weights: SafeTensors
  /// The names that they had, by those that they have.
  public let sources: [String: String]

  /// Reads a file of tensors.
  ///
  /// - Parameters:
  ///   - bytes: A safetensors file of a state_dict.
  ///   - name: What it is called in an error.
  ///   - modules: Which modules are meant.
  /// - Throws: ``ArtifactError`` that names the tensor.
  public init(
    _ bytes: [UInt8], named name: String, modules: Modules = Modules()
  ) throws(ArtifactError) {
    let file = try SafeTensors(decoding: bytes, named: name)
    var matching = Matching(file: file, name: name, modules: modules)
    try matching.run()
    sources = matching.sources
    weights = SafeTensors(matching.found, metadata: ["format": "pt"])
  }
}

/// One pass over the tensors of a file.
private struct Matching {
  let name: String
  let modules: ImportedWeights.Modules
  var rest: [SafeTensors.Tensor]
  var found: [SafeTensors.Tensor] = []
  var sources: [String: String] = [:]

  init(file: SafeTensors, name: String, modules: ImportedWeights.Modules) {
    self.name = name
    self.modules = modules
    rest = file.tensors.filter { tensor in
      !modules.skipped.contains { tensor.name == $0 || tensor.name.hasPrefix($0 + ".") }
    }
  }

  mutating func run() throws(ArtifactError) {
    guard !rest.isEmpty else {
      throw error("no tensors", "those of an Embedding, of an RNN, LSTM or GRU, and of a Linear")
    }
    for tensor in rest where !tensor.elements.allSatisfy(\.isFinite) {
      throw error("\(tensor.name.quoted) with numbers that are not finite", "finite numbers")
    }
    try takeRecurrent()
    try takeHead()
    try takeEmbedding()
    if let other = rest.first {
      throw error(
        "\(other.name.quoted) \(SafeTensors.shapeText(other.shape)), which is part of no Embedding, RNN, LSTM, GRU or Linear",
        "their tensors alone; --skip \(Self.module(of: other.name) ?? other.name) leaves it out")
    }
  }

  private func error(_ found: String, _ allowed: String) -> ArtifactError {
    ArtifactError(artifact: name, found: found, allowed: allowed)
  }

  /// The path before the last dot; nil for a name without a dot.
  static func module(of name: String) -> String? {
    name.lastIndex(of: ".").map { String(name[..<$0]) }
  }

  private static func last(of name: String) -> Substring {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? name[...]
  }

  /// Gives tensors their names, and takes them off the rest.
  private mutating func take(_ names: [String: String]) {
    for tensor in rest {
      guard let new = names[tensor.name] else { continue }
      found.append(
        SafeTensors.Tensor(name: new, shape: tensor.shape, elements: tensor.elements))
      sources[new] = tensor.name
    }
    rest.removeAll { names[$0.name] != nil }
  }

  /// One of the modules that could be meant.
  private func choose(
    _ candidates: Set<String>, said: String?, usual: String, option: String
  ) throws(ArtifactError) -> String? {
    let shown = candidates.sorted().map { $0.isEmpty ? "one without a module" : $0 }
    if let said {
      guard candidates.contains(said) else {
        throw error(
          "no \(option) in \(said.quoted)",
          shown.isEmpty ? "a file that has one" : shown.joined(separator: ", "))
      }
      return said
    }
    if candidates.count <= 1 { return candidates.first }
    if candidates.contains(usual) { return usual }
    throw error(
      "\(candidates.count) that could be the \(option): " + shown.joined(separator: ", "),
      "one; --\(option) PATH says which is meant, --skip PATH leaves one out")
  }

  // MARK: Parts

  private static func isRecurrent(_ name: Substring) -> Bool {
    name.wholeMatch(
      of:
        /(weight_ih|weight_hh|bias_ih|bias_hh|weight_peephole|norm_weight|norm_bias)_l[0-9]{1,4}(_reverse)?/
    ) != nil
  }

  private mutating func takeRecurrent() throws(ArtifactError) {
    let tensors = rest.filter { Self.isRecurrent(Self.last(of: $0.name)) }
    let candidates = Set(tensors.map { Self.module(of: $0.name) ?? "" })
    guard
      let module = try choose(
        candidates, said: modules.recurrent, usual: "recurrent", option: "recurrent")
    else { return }
    let meant = tensors.filter { (Self.module(of: $0.name) ?? "") == module }
    take(
      Dictionary(
        uniqueKeysWithValues: meant.map { ($0.name, "recurrent.\(Self.last(of: $0.name))") }))
  }

  /// The modules with a matrix named weight, and whether they have a bias.
  private func matrices(withBias: Bool) -> Set<String> {
    let biases = Set(
      rest.filter { Self.last(of: $0.name) == "bias" }.map { Self.module(of: $0.name) ?? "" })
    return Set(
      rest.filter { Self.last(of: $0.name) == "weight" && $0.shape.count == 2 }
        .map { Self.module(of: $0.name) ?? "" }
    ).filter { biases.contains($0) == withBias }
  }

  private mutating func takeHead() throws(ArtifactError) {
    var candidates = matrices(withBias: true)
    // A tied weight is saved once, and may have gone with the embedding.
    if candidates.isEmpty {
      candidates = Set(
        rest.filter { Self.last(of: $0.name) == "bias" }.map { Self.module(of: $0.name) ?? "" })
    }
    guard
      let module = try choose(candidates, said: modules.head, usual: "head", option: "head")
    else { return }
    let prefix = module.isEmpty ? "" : module + "."
    take([prefix + "weight": "head.weight", prefix + "bias": "head.bias"])
  }

  private mutating func takeEmbedding() throws(ArtifactError) {
    guard
      let module = try choose(
        matrices(withBias: false), said: modules.embedding, usual: "embedding",
        option: "embedding")
    else { return }
    take([(module.isEmpty ? "" : module + ".") + "weight": "embedding.weight"])
  }
}
