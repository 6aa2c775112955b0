/// Checks a tree against a schema, collecting all that is wrong with it.
struct SpecParser {
  let file: String
  let schema: SpecSchema
  var errors: [SpecError] = []
  /// The values of the fields that have one, by path.
  var values: [String: Value] = [:]
  /// What may be drawn for the fields that are searched, by path.
  var distributions: [String: Distribution] = [:]
  /// The `when` of distributions, by the paths of their fields.
  var whenEntries: [String: SpecNode.Entry] = [:]
  /// Where the values of fields were read, for those that are looked at again when all are known.
  var nodes: [String: SpecNode] = [:]
  /// Where the value of each path stands.
  var positions: [String: Position] = [:]
  /// Whether the text was changed while its sweep was under way: what a change excludes is left out.
  let isChanged: Bool
  /// The parameters that are left out.
  var excluded: Set<String> = []

  static func parse(
    _ root: SpecNode, file: String, schema: SpecSchema, isChanged: Bool = false
  ) throws(SpecErrors) -> SweepSpec {
    var parser = SpecParser(file: file, schema: schema, isChanged: isChanged)
    guard let entries = root.entries else {
      parser.report(
        root.position, "", "found \(root.found), allowed: a mapping with dataset, model, search …")
      throw SpecErrors(parser.errors)
    }
    parser.section("", entries, at: .start)
    let spec = parser.finish()
    guard let spec, parser.errors.isEmpty else { throw SpecErrors(parser.errors) }
    return spec
  }

  init(file: String, schema: SpecSchema, isChanged: Bool = false) {
    self.file = file
    self.schema = schema
    self.isChanged = isChanged
  }

  /// Whether so much is wrong that nobody would read more of it.
  var isFull: Bool { errors.count >= 10 * SpecErrors.limit }

  mutating func report(_ position: Position, _ path: String, _ message: String) {
    guard !isFull else { return }
    errors.append(SpecError(file: file, position: position, path: path, message: message))
  }

  // MARK: - Sections

  /// Reads the keys of a section; `position` is where its own key stands.
  private mutating func section(_ path: String, _ entries: [SpecNode.Entry], at position: Position)
  {
    var lines: [String: Int] = [:]
    for entry in entries {
      guard let child = child(of: path, named: entry.key) else {
        unknownKey(entry, in: path)
        continue
      }
      if let line = lines.updateValue(entry.position.line, forKey: child) {
        report(entry.position, child, "line \(line) says it already, under another name")
        continue
      }
      positions[child] = entry.node.isNull ? entry.position : entry.node.position
      if let field = schema.fieldsByPath[child] {
        read(entry.node, as: field)
      } else {
        subsection(child, entry)
      }
    }
    for child in schema.children[path] ?? [] where lines[child] == nil {
      if let field = schema.fieldsByPath[child] {
        absent(field, at: position)
      } else {
        section(child, [], at: position)
      }
    }
  }

  private mutating func subsection(_ path: String, _ entry: SpecNode.Entry) {
    let node = entry.node
    let shorthand = schema.sections[path]?.shorthand.flatMap {
      schema.fieldsByPath["\(path).\($0)"]
    }
    if let entries = node.entries {
      // `schedule: {choice: [constant, cosine]}` searches what `schedule: cosine` sets.
      let isDistribution =
        entries.contains { Distribution.keywords.contains($0.key) }
        && entries.allSatisfy {
          Distribution.keywords.contains($0.key) || Distribution.modifiers.contains($0.key)
        }
      guard let shorthand, isDistribution else {
        return section(path, entries, at: entry.position)
      }
      section(path, replacing: shorthand, node, at: entry.position)
    } else if node.isNull {
      section(path, [], at: entry.position)
    } else if let shorthand {
      section(path, replacing: shorthand, node, at: entry.position)
    } else {
      let keys = childKeys(of: path).joined(separator: ", ")
      report(node.position, path, "found \(node.found), allowed: a mapping with \(keys)")
    }
  }

  private mutating func section(
    _ path: String, replacing field: Field, _ node: SpecNode, at position: Position
  ) {
    section(
      path, [SpecNode.Entry(key: field.key, position: node.position, node: node)], at: position)
  }

  private mutating func absent(_ field: Field, at position: Position) {
    if field.isRequired {
      report(position, field.path, "missing, allowed: \(field.kind.allowed). \(field.summary)")
    } else {
      values[field.path] = field.defaultValue
    }
  }

  // MARK: - Keys

  private func child(of path: String, named key: String) -> String? {
    let child = path.isEmpty ? key : "\(path).\(key)"
    let children = schema.children[path] ?? []
    if children.contains(child) { return child }
    return children.first { schema.fieldsByPath[$0]?.aliases.contains(key) ?? false }
  }

  private func childKeys(of path: String) -> [String] {
    (schema.children[path] ?? []).map(SpecSchema.lastKey)
  }

  private mutating func unknownKey(_ entry: SpecNode.Entry, in path: String) {
    let key = SpecNode.excerpt(entry.key)
    let allowed = childKeys(of: path)
    var message = "unknown key"
    if let owner = home(of: entry.key) {
      message += owner.isEmpty ? "; it belongs at the top" : "; it belongs under \"\(owner)\""
    } else if let name = nearest(to: entry.key, in: path) {
      message += "; did you mean \"\(name)\"?"
    }
    message += " (allowed: \(allowed.joined(separator: ", ")))"
    report(entry.position, path.isEmpty ? key : "\(path).\(key)", message)
  }

  /// The section that has a key of exactly this name, if it is not the one where it stands.
  private func home(of key: String) -> String? {
    let path = schema.fields.first { $0.key == key || $0.aliases.contains(key) }?.path
    return (path ?? schema.sections.keys.sorted().first { SpecSchema.lastKey(of: $0) == key })
      .map(SpecSchema.parent)
  }

  /// The nearest name in a section, aliases included: what it stands for then.
  private func nearest(to key: String, in path: String) -> String? {
    var meant: [String: String] = [:]
    for child in schema.children[path] ?? [] {
      let name = SpecSchema.lastKey(of: child)
      meant[name] = name
      for alias in schema.fieldsByPath[child]?.aliases ?? [] { meant[alias] = name }
    }
    return Spelling.nearest(to: key, among: meant.keys.sorted()).flatMap { meant[$0] }
  }

  // MARK: - Fields

  private mutating func read(_ node: SpecNode, as field: Field) {
    if node.isNull, field.isOptional { return }
    if let entries = node.entries, field.kind != .map {
      guard field.isSearchable else {
        let reason = entries.contains { Distribution.keywords.contains($0.key) }
        report(
          node.position, field.path,
          "found \(reason ? "a distribution" : node.found), allowed: \(field.kind.allowed)"
            + (reason ? " (it cannot be searched)" : ""))
        return
      }
      if let distribution = distribution(entries, at: node.position, of: field) {
        distributions[field.path] = distribution
      }
      return
    }
    if let value = value(node, as: field.kind, path: field.path, isSearchable: field.isSearchable) {
      values[field.path] = value
      nodes[field.path] = node
    }
  }

  /// The value of a node as a kind takes it; reports what is wrong.
  mutating func value(
    _ node: SpecNode, as kind: Field.Kind, path: String, isSearchable: Bool = false
  ) -> Value? {
    if case .list(let kind, let count) = kind, let elements = node.elements,
      count.contains(elements.count)
    {
      let values = elements.compactMap { value($0, as: kind, path: path) }
      return values.count == elements.count ? .list(values) : nil
    }
    if case .oneOf(let names) = kind, case .scalar(let text, _) = node.content, names.contains(text)
    {
      return .string(text)
    }
    if let value = kind.checked(node.value) { return value }
    report(
      node.position, path,
      "found \(node.found), allowed: \(kind.allowed)"
        + hint(node, kind: kind, path: path, isSearchable: isSearchable))
    return nil
  }

  private func hint(_ node: SpecNode, kind: Field.Kind, path: String, isSearchable: Bool) -> String
  {
    if isSearchable, node.elements != nil {
      return "; to try several: {choice: [...]}"
    }
    guard case .scalar(let text, let isQuoted) = node.content else { return "" }
    switch kind {
    case .oneOf where path == "objective.split" && text == "test":
      return " (a choice made on the test split would make its results too good to be true;"
        + " they are reported for every trial all the same)"
    case .oneOf(let names):
      return Spelling.nearest(to: text, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
    case .text where text.isEmpty:
      return ", but not an empty one"
    case .text where !isQuoted && !node.isNull && node.value.string == nil:
      return "; put it in quotes: \"\(SpecNode.excerpt(text))\""
    case .integer, .number, .boolean:
      guard isQuoted,
        kind.checked(SpecNode(content: .scalar(text, isQuoted: false), position: .start).value)
          != nil
      else { return "" }
      return "; leave out the quotes"
    default:
      return ""
    }
  }
}
