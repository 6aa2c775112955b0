extension SpecSchema {
  /// What a name in a condition, a constraint or a point stands for.
  enum Setting {
    case found(Field)
    /// One of these paths.
    case ambiguous([String])
    /// Nothing; the nearest name, if it is near enough.
    case unknown(nearest: String?)

    /// What is wrong with a name; nil if nothing is.
    func problem(with name: String) -> String? {
      let name = SpecNode.excerpt(name)
      switch self {
      case .found: return nil
      case .ambiguous(let paths):
        return "found \(name), allowed: one of \(paths.joined(separator: ", "))"
      case .unknown(let nearest):
        return "found the unknown setting \(name), allowed: the path of a setting, or its end"
          + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
      }
    }
  }

  /// The field that a name stands for: a path within a section, a whole path, or the end of a path
  /// that no other path has. A section with a shorthand stands for the field that this stands for.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - section: The section in which it is used.
  /// - Returns: The field, or why there is none.
  func setting(_ name: String, within section: String = "") -> Setting {
    if !section.isEmpty,
      let field = settings.first(where: { names(of: $0).contains("\(section).\(name)") })
    {
      return .found(field)
    }
    if let field = settings.first(where: { names(of: $0).contains(name) }) { return .found(field) }
    let ending = settings.filter { names(of: $0).contains { $0.hasSuffix("." + name) } }
    if ending.count == 1 { return .found(ending[0]) }
    guard ending.isEmpty else { return .ambiguous(ending.map(\.path)) }
    let isWhole = name.contains(".")
    let known = settings.flatMap(names).map { isWhole ? $0 : Self.lastKey(of: $0) }
    return .unknown(nearest: Spelling.nearest(to: name, among: known))
  }

  /// All that a field is called, in full.
  private func names(of field: Field) -> [String] {
    let parent = Self.parent(of: field.path)
    let aliases = field.aliases.map { parent.isEmpty ? $0 : "\(parent).\($0)" }
    let isShorthand = sections[parent]?.shorthand == field.key
    return [field.path] + aliases + (isShorthand ? [parent] : [])
  }
}
