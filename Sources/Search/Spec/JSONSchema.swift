extension SpecSchema {
  /// The schema as a JSON Schema (draft 2020-12), from which editors complete and check.
  ///
  /// It accepts what ``SweepSpec/parse(_:file:schema:)`` accepts, but for what needs more than one
  /// key to judge: bounds that are out of order, grids without end, missing trials, conditions,
  /// constraints and points to try.
  public func jsonSchema(title: String) -> String {
    guard case .map(var root) = sectionSchema("") else {
      preconditionFailure("the top is a mapping")
    }
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    root["title"] = .string(title)
    root["$defs"] = .map(["when": Self.whenSchema])
    return Value.map(root).prettyJSON + "\n"
  }

  private func sectionSchema(_ path: String) -> Value {
    var properties: [String: Value] = [:]
    var required: [Value] = []
    for child in children[path] ?? [] {
      let key = Self.lastKey(of: child)
      if requires(child) { required.append(.string(key)) }
      guard let field = fieldsByPath[child] else {
        properties[key] = sectionSchemaWithShorthand(child)
        continue
      }
      properties[key] = child == "objectives" ? objectivesSchema(field) : field.schema
      for alias in field.aliases {
        // A key that has another name is not missing under its own.
        if requires(child) { required.removeAll { $0 == .string(key) } }
        properties[alias] = field.schema.adding("deprecated", true)
          .adding("description", .string("Another name of \(key). \(field.summary)"))
      }
    }
    var schema: [String: Value] = [
      "type": "object", "additionalProperties": false, "properties": .map(properties),
    ]
    if !required.isEmpty { schema["required"] = .list(required) }
    if let summary = sections[path]?.summary, !summary.isEmpty {
      schema["description"] = .string(summary)
    }
    return .map(schema)
  }

  /// Names of metrics, or mappings of what the section `objective` has.
  private func objectivesSchema(_ field: Field) -> Value {
    let metrics = Value.map(["enum": .list(self.metrics.map { .string($0.name) })])
    let items = Value.map(["anyOf": .list([metrics, sectionSchema("objective")])])
    guard case .map(var forms) = field.schema, let list = forms["oneOf"]?.list?.first else {
      return field.schema
    }
    forms["oneOf"] = .list([list.adding("items", items), ["type": "null"]])
    return .map(forms)
  }

  private static let whenSchema: Value = [
    "type": "object", "minProperties": 1,
    "description": .string(
      "Settings, and the value or values with which this one is searched; otherwise it keeps its"
        + " default."),
  ]

  private func sectionSchemaWithShorthand(_ path: String) -> Value {
    let long = sectionSchema(path)
    var forms = requires(path) ? [long] : [long, ["type": "null"]]
    if let key = sections[path]?.shorthand, let field = fieldsByPath["\(path).\(key)"] {
      // The rest of the section must do without being said.
      let others = (children[path] ?? []).filter { $0 != field.path && requires($0) }
      if others.isEmpty { forms.insert(field.schema, at: 1) }
    }
    guard forms.count > 1 else { return long }
    return Value.map(["anyOf": .list(forms)])
      .adding("description", .string(sections[path]?.summary ?? ""))
  }

  private func requires(_ path: String) -> Bool {
    if let field = fieldsByPath[path] { return field.isRequired }
    return (children[path] ?? []).contains(where: requires)
  }
}

extension Field {
  fileprivate var schema: Value {
    var forms = [kind.schema]
    if isSearchable {
      forms += kind.distributions.map(distributionForm)
    }
    if isOptional { forms.append(["type": "null"]) }
    var schema = forms.count == 1 ? forms[0] : .map(["oneOf": .list(forms)])
    schema = schema.adding("description", .string(summary))
    return defaultValue.map { schema.adding("default", $0) } ?? schema
  }

  private func distributionForm(_ keyword: String) -> Value {
    var properties: [String: Value] = [
      keyword: distributionSchema(keyword), "when": ["$ref": "#/$defs/when"],
    ]
    if Distribution.quantizable.contains(keyword) {
      properties["by"] = [
        "type": "number", "exclusiveMinimum": 0,
        "description": "The step between what can be drawn.",
      ]
    }
    return .map([
      "type": "object", "additionalProperties": false, "required": [.string(keyword)],
      "properties": .map(properties),
    ])
  }

  private func distributionSchema(_ keyword: String) -> Value {
    switch keyword {
    case "choice":
      let element =
        isOptional ? Value.map(["oneOf": [kind.schema, ["type": "null"]]]) : kind.schema
      return .map([
        "type": "array", "items": element, "minItems": 1, "uniqueItems": true,
        "description": "One of these, each as likely as the others.",
      ])
    case "ordinal":
      return .map([
        "type": "array", "items": kind.schema, "minItems": 1, "uniqueItems": true,
        "description": "One of these, which have this order, each as likely as the others.",
      ])
    case "normal", "log_normal":
      return .map([
        "type": "array",
        "prefixItems": [["type": "number"], ["type": "number", "exclusiveMinimum": 0]],
        "minItems": 2, "maxItems": 2,
        "description": .string(Self.rangeSummaries[keyword] ?? "[mean, deviation]"),
      ])
    case "step":
      let width: Value =
        if case .integer = kind { ["type": "integer", "minimum": 1] } else {
          ["type": "number", "exclusiveMinimum": 0]
        }
      return .map([
        "type": "array", "prefixItems": .list([kind.schema, kind.schema, width]), "minItems": 3,
        "maxItems": 3, "description": "[low, high, step]: low, low + step, … up to high.",
      ])
    default:
      return .map([
        "type": "array", "items": boundSchema(keyword), "minItems": 2, "maxItems": 2,
        "description": .string(Self.rangeSummaries[keyword] ?? "[low, high]"),
      ])
    }
  }

  /// A range may end at a bound that the field excludes, since it is never drawn.
  private func boundSchema(_ keyword: String) -> Value {
    guard case .number = kind, case .map(var schema) = kind.schema else { return kind.schema }
    if keyword == "int" { schema["type"] = "integer" }
    if keyword != "int", let high = schema.removeValue(forKey: "exclusiveMaximum") {
      schema["maximum"] = high
    }
    return .map(schema)
  }

  private static let rangeSummaries = [
    "uniform": "[low, high]: a number from low up to, but not including, high.",
    "log_uniform": "[low, high]: a number whose logarithm is uniform; low is above 0.",
    "normal": "[mean, deviation]: a number with a normal distribution, cut to what is allowed.",
    "log_normal":
      "[mean, deviation] of the natural logarithm, which has a normal distribution.",
    "int": "[low, high]: a whole number from low to high, both included.",
    "int_log": "[low, high]: a whole number whose logarithm is uniform; low is above 0.",
  ]
}

extension Field.Kind {
  fileprivate var schema: Value {
    switch self {
    case .integer(let range):
      var schema: [String: Value] = ["type": "integer"]
      if range.lowerBound != .min { schema["minimum"] = .integer(range.lowerBound) }
      if range.upperBound != .max { schema["maximum"] = .integer(range.upperBound) }
      return .map(schema)
    case .number(let range):
      var schema: [String: Value] = ["type": "number"]
      if let low = range.low {
        schema[range.excludesLow ? "exclusiveMinimum" : "minimum"] = .number(low)
      }
      if let high = range.high {
        schema[range.excludesHigh ? "exclusiveMaximum" : "maximum"] = .number(high)
      }
      return .map(schema)
    case .boolean: return ["type": "boolean"]
    case .oneOf(let names): return .map(["enum": .list(names.map(Value.string))])
    case .text: return ["type": "string", "minLength": 1]
    case .list(let kind, let count):
      return .map([
        "type": "array", "items": kind.schema, "minItems": .integer(count.lowerBound),
        "maxItems": .integer(count.upperBound),
      ])
    case .either(let first, let second):
      return .map(["anyOf": .list([first.schema, second.schema])])
    case .map: return ["type": "object"]
    }
  }
}

extension Value {
  fileprivate func adding(_ key: String, _ value: Value) -> Value {
    guard case .map(var values) = self else { return self }
    values[key] = value
    return .map(values)
  }
}
