extension SweepSpec {
  /// Reads a space of any parameters, for a search whose objective is computed elsewhere: what a sweep
  /// file says of a search, with the parameters under `space` in place of a model.
  ///
  /// ```yaml
  /// space: {x: {uniform: [-5, 10]}, kind: {choice: [a, b]}, y: {int: [1, 9], when: {kind: a}}}
  /// objectives: [{metric: loss, goal: minimize}]
  /// stop: asha
  /// epochs: 27
  /// ```
  ///
  /// - Parameters:
  ///   - bytes: The bytes of the file, YAML or JSON.
  ///   - file: What the error messages call it.
  ///   - replacing: Values of keys at the top or, joined by points, below it, instead of the file's.
  /// - Returns: The checked specification; its parameters are called `space.` and their name.
  /// - Throws: All that is wrong with it.
  public static func space(
    _ bytes: [UInt8], file: String, replacing: [String: Value] = [:]
  ) throws(SpecErrors) -> SweepSpec {
    var root: SpecNode
    do { root = try SpecReader.read(bytes, file: file) } catch { throw SpecErrors([error]) }
    let epochs = root["epochs"]
    root = root.without("epochs")
    if let epochs { root = root.with("training", .mapping("epochs", epochs)) }
    for (key, value) in replacing.sorted(by: { $0.key < $1.key }) {
      root = root.with(key, value)
    }
    try refuseUnused(in: root, file: file)
    guard root["space"]?.entries?.isEmpty == false else {
      let found = root["space"].map { "found \($0.found)" } ?? "missing"
      throw SpecErrors([
        SpecError(
          file: file, position: root["space"]?.position ?? root.position, path: "space",
          message: "\(found), allowed: the parameters, such as {x: {uniform: [0, 1]}}")
      ])
    }
    if root["trials"] == nil, root.sampler != SamplerKind.grid.rawValue {
      let rule = (root["stop"]?["rule"] ?? root["stop"])?.value.string
      let counting = [
        SamplerKind.pbt.rawValue, StopRuleKind.halving.rawValue, StopRuleKind.hyperband.rawValue,
      ]
      if let name = [root.sampler, rule].compactMap(\.self).first(where: counting.contains) {
        throw SpecErrors([
          SpecError(
            file: file, position: root.position, path: "trials",
            message: "missing, allowed: how many there are, which \(name) has to know")
        ])
      }
      root = root.with("trials", .integer(trialRange.upperBound))
    }
    return try SpecParser.parse(root, file: file, schema: spaceSchema(root))
  }

  /// Refuses what is about sweeps in a database.
  private static func refuseUnused(in root: SpecNode, file: String) throws(SpecErrors) {
    let unused = ["priority", "weight", "limits", "retention", "predictions", "idempotency_key"]
    let found =
      root.entries?.first { unused.contains($0.key) }
      ?? root["search"]?.entries?.first { $0.key == "warm_start" }
    guard let found else { return }
    throw SpecErrors([
      SpecError(
        file: file, position: found.position, path: found.key,
        message: "found here, allowed: in the file of a sweep; nothing of a space depends on it")
    ])
  }

  /// What such a file may say: its own parameters, each of the kind that its distribution needs.
  private static func spaceSchema(_ root: SpecNode) -> SpecSchema {
    let parameters = (root["space"]?.entries ?? []).reduce(into: [SpecNode.Entry]()) {
      seen, entry in
      // A key that stands twice is told by the parser.
      if !seen.contains(where: { $0.key == entry.key }) { seen.append(entry) }
    }
    let fields = parameters.filter { !$0.key.isEmpty && !$0.key.contains(".") }.map { entry in
      Field(
        "space.\(entry.key)", entry.node.parameterKind, "A parameter.", isSearchable: true)
    }
    let metrics = root.metricNames
    return SpecSchema(
      fields: fields + [
        Field(
          "training.epochs", .integer(1...1_000_000), "The last step of a trial.",
          default: .integer(1))
      ],
      sections: [Section("space", "The parameters."), Section("training", "")],
      metrics: (metrics.isEmpty ? ["loss"] : metrics).map {
        Metric($0, .minimize, "A number that is reported.")
      })
  }
}

extension SpecNode {
  fileprivate subscript(_ key: String) -> SpecNode? { entries?.first { $0.key == key }?.node }

  /// The name of the sampler that is asked for.
  fileprivate var sampler: String? {
    (self["search"]?["sampler"] ?? self["search"])?.value.string
  }

  fileprivate func without(_ key: String) -> SpecNode {
    guard let entries else { return self }
    return SpecNode(content: .mapping(entries.filter { $0.key != key }), position: position)
  }

  fileprivate func with(_ key: String, _ node: SpecNode) -> SpecNode {
    let entry = Entry(key: key, position: node.position, node: node)
    return SpecNode(
      content: .mapping((without(key).entries ?? []) + [entry]), position: position)
  }

  /// With a value at keys that are joined by points.
  fileprivate func with(_ path: String, _ value: Value) -> SpecNode {
    guard let point = path.firstIndex(of: ".") else {
      return with(path, SpecNode(value, position))
    }
    let (key, rest) = (String(path[..<point]), String(path[path.index(after: point)...]))
    var section = self[key] ?? SpecNode(content: .mapping([]), position: position)
    // What stands there in short is what the key is about.
    if section.entries == nil { section = SpecNode(content: .mapping([]), position: position) }
    return with(key, section.with(rest, value))
  }

  fileprivate static func mapping(_ key: String, _ node: SpecNode) -> SpecNode {
    SpecNode(
      content: .mapping([Entry(key: key, position: node.position, node: node)]),
      position: node.position)
  }

  private init(_ value: Value, _ position: Position) {
    self.position = position
    switch value {
    case .string(let text): content = .scalar(text, isQuoted: true)
    case .list(let values): content = .sequence(values.map { SpecNode($0, position) })
    case .map(let values):
      content = .mapping(
        values.sorted { $0.key < $1.key }.map {
          Entry(key: $0.key, position: position, node: SpecNode($0.value, position))
        })
    default: content = .scalar(value.json, isQuoted: false)
    }
  }

  /// What a parameter with this distribution, or this value, takes.
  fileprivate var parameterKind: Field.Kind {
    let whole = Field.Kind.integer(Int.min...Int.max)
    let anything = Field.Kind.either(
      whole, .either(.number(.any), .either(.boolean, .text)))
    guard let entries else { return anything }
    for entry in entries where Distribution.keywords.contains(entry.key) {
      switch entry.key {
      case "choice", "ordinal": return anything
      case "int", "int_log": return whole
      case "step":
        let numbers = entry.node.elements?.map(\.value.integer) ?? [nil]
        // A step of 0 is wrong, whatever the others are.
        let isWhole = !numbers.contains(nil) && numbers.last != 0
        return isWhole ? whole : .number(.any)
      default: return .number(.any)
      }
    }
    return .number(.any)
  }

  /// The metrics that the objectives name.
  fileprivate var metricNames: [String] {
    let nodes = self["objectives"]?.elements ?? self["objective"].map { [$0] } ?? []
    var names: [String] = []
    for node in nodes {
      let found: [String]
      if let text = node["expression"]?.value.string {
        // What is wrong with it is told where it is read.
        found = (try? Expression(text) { .init($0, .number) })?.names ?? []
      } else {
        found = [(node["metric"] ?? node).value.string].compactMap { $0 }
      }
      names += found.filter { !names.contains($0) }
    }
    return names
  }
}
