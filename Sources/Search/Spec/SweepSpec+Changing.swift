extension SweepSpec {
  /// What a person writes for a value, as in a sweep file: `0.01`, `lstm`, `{uniform: [0, 1]}`.
  ///
  /// - Throws: What is wrong with the text.
  public static func value(_ text: String, file: String) throws(SpecErrors) -> Value {
    do { return try SpecReader.read(text, file: file).value } catch { throw SpecErrors([error]) }
  }

  /// Checks a specification with another value at a path: what `unroll.set` in SQL makes of it.
  ///
  /// - Parameters:
  ///   - json: The specification.
  ///   - path: Keys joined by points. Points for `try` are added; a value for a parameter that is
  ///     searched pins it. What that excludes is searched and tried no longer.
  ///   - value: The value.
  ///   - file: What the error messages call it.
  ///   - schema: What it may say.
  /// - Returns: The changed specification.
  /// - Throws: All that is wrong with it.
  public static func changed(
    _ json: String, _ path: String, to value: Value, file: String, schema: SpecSchema
  ) throws(SpecErrors) -> SweepSpec {
    let spec = try parse(json, file: file, schema: schema)
    let root: Value
    do { root = try Value(json: json) } catch { return spec }
    var wanted = value
    if path == "try" {
      wanted = .list((root.map?["try"]?.list ?? []) + (value.list ?? [value]))
    } else if spec.space[path] != nil, value.map == nil {
      wanted = .map(["choice": .list([value])])
    }
    let keys = path.split(separator: ".").map(String.init)
    guard spec.space[path] != nil else {
      return try made(root.setting(keys[...], to: wanted), file, schema)
    }
    // A parameter keeps the conditions under which it is there.
    if var map = wanted.map, map["when"] == nil {
      map["when"] = keys.reduce(root) { $0.map?[$1] ?? .null }.map?["when"]
      wanted = .map(map)
    }
    let changed = root.setting(keys[...], to: wanted)
    let fitted = spec.fitting(changed, to: path, file: file, schema: schema)
    return try made(fitted ?? changed, file, schema)
  }

  /// The specification of a text that nobody wrote: what is wrong with it stands at no place.
  private static func made(
    _ root: Value, _ file: String, _ schema: SpecSchema
  ) throws(SpecErrors) -> SweepSpec {
    do { return try parse(root.json, file: file, schema: schema) } catch {
      throw SpecErrors(
        error.errors.map { error in
          var error = error
          error.position = nil
          return error
        })
    }
  }

  /// A changed specification without what the change of a parameter excludes: others that are there
  /// only beside values that it can have no longer, and points to try that it or they are in.
  ///
  /// - Returns: Nil if the change itself makes no sense.
  private func fitting(_ changed: Value, to path: String, file: String, schema: SpecSchema)
    -> Value?
  {
    // Each behind those that it depends on.
    let dependents = space.drawOrder.map { space.parameters[$0] }.filter {
      !$0.conditions.isEmpty && $0.path != path
    }
    var probe = dependents.reduce(changed) { $0.setting($1.keys, to: nil) }
    probe = probe.setting(["try"], to: nil).setting(["constraints"], to: nil)
    guard let new = (try? SweepSpec.parse(probe.json, file: file, schema: schema))?.space[path]
    else { return nil }
    var root = changed
    var gone: Set<String> = []
    for parameter in dependents {
      var when: [String: Value] = [:]
      for condition in parameter.conditions {
        let values = condition.values.filter {
          condition.path != path || new.distribution.contains($0)
        }
        if values.isEmpty || gone.contains(condition.path) { gone.insert(parameter.path) }
        when[condition.path] = .list(values)
      }
      root =
        gone.contains(parameter.path)
        ? root.setting(parameter.keys, to: nil)
        : root.setting(parameter.keys + ["when"], to: .map(when))
    }
    guard let points = root.map?["try"]?.list else { return root }
    let possible = zip(points, known).filter { _, point in
      point.allSatisfy { !gone.contains($0.path) }
        && point[path].map(new.distribution.contains) ?? true
    }
    return root.setting(["try"], to: possible.isEmpty ? nil : .list(possible.map(\.0)))
  }
}

extension Parameter {
  fileprivate var keys: ArraySlice<String> { path.split(separator: ".").map(String.init)[...] }
}

extension Value {
  /// With a value at nested keys; without them if it is nil.
  fileprivate func setting(_ keys: ArraySlice<String>, to value: Value?) -> Value {
    guard let key = keys.first else { return value ?? .null }
    var map = map ?? [:]
    let isLast = keys.count == 1
    if isLast || map[key] != nil || value != nil {
      map[key] =
        isLast ? value : (map[key] ?? .map([:])).setting(keys.dropFirst(), to: value)
    }
    return .map(map)
  }
}
