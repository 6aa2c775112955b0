extension SweepSpec {
  /// What a person writes for a value, as in a sweep file: `0.01`, `lstm`, `{uniform: [0, 1]}`.
  ///
  /// - Throws: What is wrong with the text.
  public static func value(_ text: String, file: String) throws(SpecErrors) -> Value {
    do { return try SpecReader.read(text, file: file).value } catch { throw SpecErrors([error]) }
  }

  /// Checks a specification with another value at a path: what `unroll.set` in SQL makes of it, as
  /// ``stored(_:file:schema:)`` reads it.
  ///
  /// - Parameters:
  ///   - json: The specification.
  ///   - path: Keys joined by points. Points for `try` are added; a value for a parameter that is
  ///     searched pins it.
  ///   - value: The value.
  ///   - file: What the error messages call it.
  ///   - schema: What it may say.
  /// - Returns: The changed specification.
  /// - Throws: All that is wrong with it.
  public static func changed(
    _ json: String, _ path: String, to value: Value, file: String, schema: SpecSchema
  ) throws(SpecErrors) -> SweepSpec {
    let spec = try stored(json, file: file, schema: schema)
    let root: Value
    do { root = try Value(json: json) } catch { return spec }
    let keys = path.split(separator: ".").map(String.init)
    var wanted = value
    if path == "try" {
      let new = value.list ?? [value]
      // Others may have become impossible; these must not be.
      if let current = try? Value(json: spec.json) {
        let text = current.setting(["try"], to: .list(new)).json
        do { _ = try parse(text, file: file, schema: schema) } catch { throw error.withoutPlaces }
      }
      wanted = .list((root.map?["try"]?.list ?? []) + new)
    } else if spec.space[path] != nil, value.map == nil {
      wanted = .map(["choice": .list([value])])
    }
    // A parameter keeps the conditions under which it is there.
    if spec.space[path] != nil, var map = wanted.map, map["when"] == nil {
      map["when"] = keys.reduce(root) { $0.map?[$1] ?? .null }.map?["when"]
      wanted = .map(map)
    }
    return try stored(root.setting(keys[...], to: wanted).json, file: file, schema: schema)
  }
}

extension Value {
  /// With a value at nested keys.
  func setting(_ keys: ArraySlice<String>, to value: Value) -> Value {
    guard let key = keys.first else { return value }
    var map = map ?? [:]
    map[key] = (map[key] ?? .map([:])).setting(keys.dropFirst(), to: value)
    return .map(map)
  }
}
