public import FoundationEssentials

extension Int16: PostgresDecodable {
  /// Reads `smallint`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .int2 else { throw value.mismatch(Int16.self) }
    self = try value.wholeInteger(for: Int16.self)
  }
}

extension Int32: PostgresDecodable {
  /// Reads `smallint` and `integer`.
  public init(postgres value: PostgresValue) throws {
    switch value.type {
    case .int2: self = Int32(try value.wholeInteger(Int16.self, for: Int32.self))
    case .int4: self = try value.wholeInteger(for: Int32.self)
    default: throw value.mismatch(Int32.self)
    }
  }
}

extension Int64: PostgresDecodable {
  /// Reads `smallint`, `integer`, `bigint` and `oid`.
  public init(postgres value: PostgresValue) throws {
    switch value.type {
    case .int2: self = Int64(try value.wholeInteger(Int16.self, for: Int64.self))
    case .int4: self = Int64(try value.wholeInteger(Int32.self, for: Int64.self))
    case .int8: self = try value.wholeInteger(for: Int64.self)
    case .oid: self = Int64(try value.wholeInteger(UInt32.self, for: Int64.self))
    default: throw value.mismatch(Int64.self)
    }
  }
}

extension Int: PostgresDecodable {
  /// Reads `smallint`, `integer`, `bigint` and `oid`.
  public init(postgres value: PostgresValue) throws { self = Int(try Int64(postgres: value)) }
}

extension Float: PostgresDecodable {
  /// Reads `real`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .float4 else { throw value.mismatch(Float.self) }
    self.init(bitPattern: try value.wholeInteger(for: Float.self))
  }
}

extension Double: PostgresDecodable {
  /// Reads `double precision`, and what fits in it exactly: `real`, `integer`, `smallint`.
  public init(postgres value: PostgresValue) throws {
    switch value.type {
    case .float8: self.init(bitPattern: try value.wholeInteger(for: Double.self))
    case .float4: self.init(Float(bitPattern: try value.wholeInteger(for: Double.self)))
    case .int4: self.init(try value.wholeInteger(Int32.self, for: Double.self))
    case .int2: self.init(try value.wholeInteger(Int16.self, for: Double.self))
    default: throw value.mismatch(Double.self)
    }
  }
}

extension Bool: PostgresDecodable {
  /// Reads `boolean`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .bool else { throw value.mismatch(Bool.self) }
    self = try value.wholeInteger(UInt8.self, for: Bool.self) != 0
  }
}

extension String: PostgresDecodable {
  private static let textual: Set<PostgresType> = [
    .text, .varchar, .bpchar, .name, .char, .unknown, .json,
  ]

  /// Reads any text type, `json`, `jsonb` and the label of an enum.
  public init(postgres value: PostgresValue) throws {
    if value.type == .jsonb {
      guard value.bytes.first == 1 else {
        throw value.mismatch(String.self, because: "it is not version 1 of jsonb")
      }
      self.init(decoding: value.bytes.dropFirst(), as: UTF8.self)
    } else if Self.textual.contains(value.type) {
      self.init(decoding: value.bytes, as: UTF8.self)
    } else if value.type.rawValue >= PostgresType.firstOfUsers, let label = value.label {
      self = label
    } else {
      throw value.mismatch(String.self)
    }
  }
}

extension PostgresValue {
  /// The text of an enum's label or of another type whose binary form is its text.
  ///
  /// The server does not say which types those are, but the binary forms of composites, ranges and
  /// arrays hold zero bytes or control characters, and no label does.
  var label: String? {
    guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) else {
      return nil
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension UUID: PostgresDecodable {
  /// Reads `uuid`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .uuid, value.bytes.count == 16 else { throw value.mismatch(UUID.self) }
    self.init(uuid: value.bytes.loadUnaligned(as: uuid_t.self))
  }
}

extension Date: PostgresDecodable {
  /// Reads `timestamp with time zone`; infinity is an error.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .timestamptz else { throw value.mismatch(Date.self) }
    let microseconds: Int64 = try value.wholeInteger(for: Date.self)
    guard microseconds != .max, microseconds != .min else {
      throw value.mismatch(Date.self, because: "it is infinite")
    }
    self.init(
      timeIntervalSinceReferenceDate: Double(microseconds) / 1e6 - secondsFromServerEpoch)
  }
}

extension Duration: PostgresDecodable {
  /// Reads `interval`, a day as 24 hours; one with months has no fixed length and is an error.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .interval, value.bytes.count == 16 else {
      throw value.mismatch(Duration.self)
    }
    let microseconds: Int64 = value.integer()
    let days: Int32 = value.integer(at: 8)
    let months: Int32 = value.integer(at: 12)
    guard months == 0 else {
      throw value.mismatch(
        Duration.self, because: "it has months; use extract(epoch from …)")
    }
    self = .microseconds(microseconds) + .seconds(Int64(days) * 86_400)
  }
}

extension Data: PostgresDecodable {
  /// Reads `bytea`.
  public init(postgres value: PostgresValue) throws {
    guard value.type == .bytea else { throw value.mismatch(Data.self) }
    self.init(value.bytes)
  }
}

// MARK: - Arrays

/// What an array that is read may hold; `UInt8` stands for a `bytea`.
public protocol PostgresDecodableElement {
  /// Reads the whole array.
  static func array(postgres value: PostgresValue) throws -> [Self]
}

extension Array: PostgresDecodable where Element: PostgresDecodableElement {
  /// Reads a one-dimensional array, or a `bytea` as bytes.
  public init(postgres value: PostgresValue) throws { self = try Element.array(postgres: value) }
}

extension PostgresDecodableElement where Self: PostgresDecodable {
  /// Reads a one-dimensional array element by element.
  public static func array(postgres value: PostgresValue) throws -> [Self] {
    let bytes = value.bytes
    func broken(_ reason: String) -> PostgresError { value.mismatch([Self].self, because: reason) }
    // An array in binary form: dimensions, null flag, element type, then size and lower bound.
    guard value.type.mayBeArray, bytes.count >= 12 else { throw value.mismatch([Self].self) }
    let dimensions: Int32 = value.integer()
    let flag: Int32 = value.integer(at: 4)
    let element = PostgresType(rawValue: value.integer(at: 8))
    guard flag == 0 || flag == 1, (0...6).contains(dimensions) else {
      throw value.mismatch([Self].self)
    }
    if dimensions == 0 { return [] }
    guard dimensions == 1, bytes.count >= 20 else {
      throw broken("it has \(dimensions) dimensions")
    }
    let count = Int(value.integer(Int32.self, at: 12))
    var result: [Self] = []
    result.reserveCapacity(Swift.min(count, bytes.count / 4))
    var offset = 20
    for _ in 0..<Swift.max(count, 0) {
      guard offset + 4 <= bytes.count else { throw broken("it is cut short") }
      let length = Int(value.integer(Int32.self, at: offset))
      offset += 4
      if length < 0 {
        result.append(try postgresNull())
        continue
      }
      guard offset + length <= bytes.count else { throw broken("it is cut short") }
      let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
      result.append(try Self(postgres: PostgresValue(type: element, bytes: slice)))
      offset += length
    }
    return result
  }
}

extension Int16: PostgresDecodableElement {}
extension Int32: PostgresDecodableElement {}
extension Int64: PostgresDecodableElement {}
extension Int: PostgresDecodableElement {}
extension Float: PostgresDecodableElement {}
extension Double: PostgresDecodableElement {}
extension Bool: PostgresDecodableElement {}
extension String: PostgresDecodableElement {}
extension UUID: PostgresDecodableElement {}
extension Date: PostgresDecodableElement {}
extension Duration: PostgresDecodableElement {}
extension Data: PostgresDecodableElement {}
extension JSON: PostgresDecodableElement {}
extension Optional: PostgresDecodableElement where Wrapped: PostgresDecodable {}

extension UInt8: PostgresDecodableElement {
  /// Reads a `bytea`.
  public static func array(postgres value: PostgresValue) throws -> [UInt8] {
    guard value.type == .bytea else { throw value.mismatch([UInt8].self) }
    return Array(value.bytes)
  }
}
